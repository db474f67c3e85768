"""Mail and chats: one's own words told from others', quotations and the program's lines."""

import json
import mailbox
from datetime import date
from email.message import EmailMessage

import pytest

from genloss.corpus.readers.mail_text import parts_of
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records

ME = FieldMap(me=frozenset(("ada@example.org", "ada")))


def read(path, fields=ME):
    aside = Aside()
    return list(read_records([path], fields, aside)), aside


REPLY = """Yes, at noon.

On Mon, 4 May 2020 at 10:00, Bob <bob@example.org> wrote:
> Shall we meet?
> > Earlier words.

See you.
--
Ada, +44 20 7946 0000
"""

FORWARD = """Look at this.

---------- Forwarded message ---------
From: Eve <eve@example.org>
Subject: Secret

Words of Eve.
"""

TOP = """Danke!

Von: Bob
Gesendet: Montag
An: Ada
Betreff: Treffen

Worte von Bob.
"""


def test_own_words_are_told_from_what_is_quoted_and_forwarded():
    reply = parts_of(REPLY)
    assert reply.own == "Yes, at noon.\n\n\nSee you."
    assert reply.quoted == REPLY.index("\nSee") - REPLY.index("On Mon")
    assert (reply.forwarded, reply.signature > 20) == (0, True)
    forward = parts_of(FORWARD)
    assert forward.own == "Look at this."
    assert forward.forwarded == len(FORWARD) - FORWARD.index("-----") + 1
    top = parts_of(TOP)
    assert (top.own, top.quoted > 40) == ("Danke!", True)


@pytest.mark.parametrize(
    "line",
    [
        "Am Montag, 4. Mai 2020 schrieb Bob <b@example.org>:",
        "Le lun. 4 mai 2020 à 10:00, Bob a écrit :",
        "El lun, 4 may 2020 a las 10:00, Bob escribió:",
        "Op ma 4 mei 2020 om 10:00 schreef Bob:",
        "Bob <b@example.org> schrieb am Mo., 4. Mai 2020, 10:00:",
        "Il giorno lun 4 mag 2020 alle ore 10:00 Bob <b@example.org> ha scritto:",
        "Em seg., 4 de mai. de 2020 às 10:00, Bob <b@example.org> escreveu:",
        "04.05.2020 10:00, Bob пишет:",
        "4 мая 2020 г., в 10:00, Bob написал(а):",
        "пн, 4 мая 2020 г. в 10:00, Bob <b@example.org>:",
        "Bob Smith wrote:",
    ],
)
def test_quotations_are_introduced_in_several_languages(line):
    assert parts_of(f"Own.\n\n{line}\n> quoted\n").own == "Own."
    # The same words without a quotation below are one's own.
    assert line in parts_of(f"{line}\nOwn words.\nMore.\nAnd more.").own


@pytest.mark.parametrize(
    "lines",
    [
        "On Mon, 4 May 2020 at 10:00, Bob Smith <b@example.org>\nwrote:",
        "On Mon, 4 May 2020 at 10:00,\nBob Smith <b@example.org> wrote:",
        "Em seg., 4 de mai. de 2020 às 10:00,\nBob <b@example.org> escreveu:",
    ],
)
def test_an_introduction_of_two_lines_takes_no_line_of_ones_own(lines):
    assert parts_of(f"Own.\n{lines}\n> quoted\n").own == "Own."
    assert parts_of("At 3 in room 4\nBob wrote:\n> quoted\n").own == "At 3 in room 4"


@pytest.mark.parametrize(
    "line",
    [
        *("Sent from my iPhone", "Get Outlook for Android", "Von meinem iPhone gesendet"),
        *("Envoyé de mon iPhone", "Enviado desde mi iPhone", "Inviato da iPhone"),
        *("Verstuurd vanaf mijn iPhone", "Enviado do meu iPhone", "Отправлено с iPhone"),
    ],
)
def test_what_phones_put_below_a_mail_is_a_signature(line):
    for below in ("", "\n> quoted", "\nOn 4 May 2020, Bob wrote:\n> quoted", "\n-- \nAda"):
        parts = parts_of(f"Own.\n\n{line}\n{below}")
        assert (parts.own, parts.signature >= len(line)) == ("Own.", True)
    assert parts_of(f"{line}\nand other sentences.").own == f"{line}\nand other sentences."


GMAIL = """<div dir="ltr">Yes, at noon.</div><br><div class="gmail_quote">
<div dir="ltr" class="gmail_attr">On Mon, 4 May 2020 at 10:00, Bob wrote:<br></div>
<blockquote class="gmail_quote" style="margin:0">Shall <b>we</b> meet?</blockquote></div>"""

BETWEEN = """<div class="gmail_quote">On Mon, 4 May 2020, Bob wrote:<br>
<blockquote>Shall we meet?</blockquote><div>Yes, at noon.</div>
<blockquote>And where?<blockquote>Shall we meet?</blockquote></blockquote></div>"""

GMAIL_FORWARD = """<div>Yes, at noon.</div><div class="gmail_quote">
<div class="gmail_attr">---------- Forwarded message ---------<br>From: Bob</div>
<p>Shall we meet?</p><blockquote>Earlier.</blockquote></div>"""

APPLE = """<div>Yes, at noon.<br><br><div>Sent from my iPhone</div><div><br><blockquote type="cite">
On 4 May 2020, Bob wrote:<br></blockquote></div><blockquote type="cite"><div>Shall we meet?</div>
</blockquote></div>"""

OUTLOOK = """<div>Yes, at noon.</div><div id="appendonsend"></div><hr>
<div id="divRplyFwdMsg"><b>From:</b> Bob<br><b>Sent:</b> Monday</div><div>Shall we meet?</div>"""

WORD = """<div class="WordSection1"><p>Yes, at noon.</p><div><div style="border:none;
border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0 0 0"><p><b>De&nbsp;:</b> Bob<br><b>Envoyé&nbsp;:</b>
lundi</p></div></div><p>Shall we meet?</p></div><div>More of it.</div>"""

THUNDERBIRD = """<p>Yes, at noon.</p><div class="moz-cite-prefix">Am 04.05.20 schrieb Bob:</div>
<blockquote type="cite"><p>Shall we meet?</p></blockquote><div class="moz-signature">--<br>Ada</div>
"""


@pytest.mark.parametrize("html", [GMAIL, BETWEEN, GMAIL_FORWARD, APPLE, OUTLOOK, WORD, THUNDERBIRD])
def test_what_mail_in_html_quotes_is_not_ones_own(tmp_path, html):
    file = tmp_path / "a.eml"
    file.write_bytes(bytes(mail("ada@example.org", f"<html>{html}</html>", html=True)))
    [record], _ = read(file)
    assert record.text == "Yes, at noon."
    kind = "forwarded_characters" if html == GMAIL_FORWARD else "quoted_characters"
    quoted = record.attributes[kind]
    assert len("Shall we meet?") <= quoted <= len(html)
    others = {"quoted_characters", "forwarded_characters"} - {kind}
    assert [record.attributes[name] for name in others] == [0]


@pytest.mark.slow
@pytest.mark.parametrize("quotations", ["<blockquote>" * 2000, "<blockquote>x</blockquote>" * 2000])
def test_thousands_of_quotations_cost_no_more_than_one_pass_each(tmp_path, quotations):
    """By index into what a selector finds, these took minutes."""
    file = tmp_path / "a.eml"
    file.write_bytes(bytes(mail("ada@example.org", f"<p>Own.</p>{quotations}", html=True)))
    [record], _ = read(file)
    assert record.text == "Own."


def test_mail_in_html_that_quotes_nothing_is_whole(tmp_path):
    file = tmp_path / "a.eml"
    html = '<div style="border-top:1px solid">A box.</div><p>All of it is mine, from: start.</p>'
    file.write_bytes(bytes(mail("ada@example.org", html, html=True)))
    [record], _ = read(file)
    assert record.text == "A box.\n\nAll of it is mine, from: start."
    assert record.attributes["quoted_characters"] == 0


def mail(author, text, subject="A subject", html=False):
    message = EmailMessage()
    message["From"], message["Subject"] = author, subject
    message["Date"] = "Mon, 04 May 2020 23:30:00 -0200"
    message["Message-ID"] = f"<{subject.replace(' ', '.')}@example.org>"
    message.set_content(text, subtype="html" if html else "plain")
    return message


def test_mbox_and_maildir_give_ones_own_mail(tmp_path):
    box, folder = mailbox.mbox(tmp_path / "a.mbox"), mailbox.Maildir(tmp_path / "mail")
    messages = [
        mail("Ada <Ada@Example.org>", REPLY, "one"),
        mail("Bob <bob@example.org>", "Words of Bob.", "two"),
        mail("ada@example.org", "From the start.\n\nFrom here on it is mine.", "three"),
        mail("ada@example.org", "<html><body><p>In <b>HTML</b>.</p></body></html>", "four", True),
    ]
    for message in messages:
        box.add(message)
        folder.add(message)
    box.close()
    for place in (tmp_path / "a.mbox", tmp_path / "mail"):
        records, aside = read(place)
        assert sorted(r.text for r in records) == [
            "From the start.\n\nFrom here on it is mine.",
            "In HTML.",
            "Yes, at noon.\n\n\nSee you.",
        ]
        assert {r.attributes["party"] for r in records} == {"self"}
        # Half past eleven at night two hours west of Greenwich is the next day.
        assert {r.claimed.first for r in records} == {date(2020, 5, 5)}
        assert aside.left_out == {"third party": 1}
        every, _ = read(place, FieldMap(third_party=True))
        assert len(every) == 4


def test_damaged_mail_is_named_and_the_rest_is_read(tmp_path):
    file = tmp_path / "a.mbox"
    good = b"From ada Mon May  4 10:00:00 2020\nFrom: ada@example.org\n\nGood.\n\n"
    bad = b"From x\nContent-Type: text/plain; charset=nonsense\nFrom: ada@example.org\n\nx\xff\n\n"
    file.write_bytes(good + bad + good)
    records, aside = read(file)
    assert [r.text for r in records][:1] == ["Good."]
    assert len(records) + aside.left_out.total() == 3
    file.write_bytes(b"no mail at all\n")
    assert read(file)[1].left_out == {"no mail": 1}


def eml(tmp_path, head, body=b"Some words."):
    file = tmp_path / "one.eml"
    file.write_bytes(b"From: ada@example.org\n" + head + b"\n\n" + body + b"\n")
    return read(file)


@pytest.mark.parametrize(
    ("charset", "bytes_in"),
    [("", "utf-8"), ("us-ascii", "utf-8"), ("iso-8859-1", "latin-1"), ("gb2312", "gb18030")],
)
def test_mail_is_read_in_its_encoding_or_else_as_utf8(tmp_path, charset, bytes_in):
    head = f"Content-Type: text/plain; charset={charset}".encode() if charset else b"X: y"
    [record], aside = eml(tmp_path, head, "Grüße".encode(bytes_in))
    assert record.text == "Grüße"
    assert not aside.left_out


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=nonsense", "; charset=idna"])
def test_mail_in_another_encoding_than_it_says_is_never_read_with_signs_for_it(tmp_path, charset):
    records, aside = eml(tmp_path, f"Content-Type: text/plain{charset}".encode(), b"Gr\xfc..e")
    assert not records
    assert aside.left_out == {"mail cannot be read": 1}
    assert "correct its charset" in aside.first[0].reason


@pytest.mark.slow
@pytest.mark.parametrize(
    "head",
    [
        b"Message-ID: " + b"(" * 3000,
        b"Date: Mon, 1 Jan 99999999999999999999 00:00:00 +0000",
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"\n".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d" % (i, i) for i in range(2000)
        ),
    ],
    ids=["comments in comments", "year", "mails in mails", "parts in parts"],
)
def test_mail_that_the_parser_of_python_cannot_read_goes_aside(tmp_path, head):
    records, aside = eml(tmp_path, head)
    assert not records
    assert aside.left_out == {"damaged mail": 1}


CHATS = {
    "British phone": "31/12/2023, 23:58 - Ada: Hello\n31/12/2023, 23:59 - Bob: Hi",
    "American phone": "12/31/23, 11:58 PM - Ada: Hello\n12/31/23, 11:59 PM - Bob: Hi",
    "German phone": "31.12.23, 23:58 - Ada: Hello\n31.12.23, 23:59 - Bob: Hi",
    "German tablet": "[31.12.23, 23:58:01] Ada: Hello\n[31.12.23, 23:59:02] Bob: Hi",
    "American tablet": "[12/31/23, 1:58:01\u202fPM] Ada: Hello\n[12/31/23, 1:59:02 PM] Bob: Hi",
    "Japanese phone": "2023/12/31 23:58 - Ada: Hello\n2023/12/31 23:59 - Bob: Hi",
    "Dutch phone": "31-12-2023 23:58 - Ada: Hello\n31-12-2023 23:59 - Bob: Hi",
    "Spanish phone": "31/12/23, 23:58 - Ada: Hello\n31/12/23, 23:59 - Bob: Hi",
    "French phone": "31/12/2023 à 23:58 - Ada: Hello\n31/12/2023 à 23:59 - Bob: Hi",
    "Finnish tablet": "[31.12.2023 klo 23.58.01] Ada: Hello\n[31.12.2023 klo 23.59.02] Bob: Hi",
    "Korean phone": "2023. 12. 31. 오후 11:58 - Ada: Hello\n2023. 12. 31. 오후 11:59 - Bob: Hi",
    "Korean tablet": (
        "[2023. 12. 31. 오후 11:58:01] Ada: Hello\n[2023. 12. 31. 오후 11:59:02] Bob: Hi"
    ),
    "Japanese tablet": "[2023/12/31 23:58:01] Ada: Hello\n[2023/12/31 23:59:02] Bob: Hi",
    "Japanese tablet, 12 hours": (
        "[2023/12/31 午後11:58:01] Ada: Hello\n[2023/12/31 午後11:59:02] Bob: Hi"
    ),
    "Arabic phone": (
        "\u0663\u0661\u200f/\u0661\u0662\u200f/\u0662\u0660\u0662\u0663\u060c "
        "\u0661\u0661:\u0665\u0668 م - Ada: Hello\n"
        "31\u200f/12\u200f/2023\u060c 11:59 م - \u200fBob: Hi"
    ),
    "Arabic tablet": (
        "[\u200f31\u200f/12\u200f/2023\u060c 11:58:01 م] Ada: Hello\n"
        "\u200f[\u200f31\u200f/12\u200f/2023\u060c 11:59:02 م] \u202aBob\u202c: Hi"
    ),
    "Indian phone": "31/12/23, 11:58 pm - Ada: Hello\n31/12/23, 11:59 pm - Bob: Hi",
}


@pytest.mark.parametrize("locale", CHATS)
def test_chats_of_whatsapp_are_read_in_every_form(tmp_path, locale):
    file = tmp_path / "WhatsApp Chat with Bob.txt"
    file.write_text(CHATS[locale] + "\nand a second line\n")
    [record], aside = read(file)
    assert (record.text, record.attributes["author"]) == ("Hello", "Ada")
    assert record.claimed.first == record.claimed.last == date(2023, 12, 31)
    assert aside.left_out == {"third party": 1}
    _, other = read(file, FieldMap(third_party=True))[0]
    assert other.text == "Hi\nand a second line"


def test_a_day_that_may_be_a_month_is_an_interval_and_the_programs_lines_are_none(tmp_path):
    file = tmp_path / "chat.txt"
    lines = [
        "01/02/2023, 10:00 - Messages are encrypted. Nobody can read them.",
        "01/02/2023, 10:00 - Ada: Hello",
        "01/02/2023, 10:01 - Ada: <Media omitted>",
        "01/02/2023, 10:02 - Ada: It costs: 3 pounds",
    ]
    file.write_text("\n".join(lines))
    records, aside = read(file)
    assert [r.text for r in records] == ["Hello", "It costs: 3 pounds"]
    assert (records[0].claimed.first, records[0].claimed.last) == (
        date(2023, 1, 2),
        date(2023, 2, 1),
    )
    assert aside.left_out == {"line of the program": 1, "picture or deleted message": 1}


def test_a_message_in_another_encoding_goes_aside_with_its_line(tmp_path):
    file = tmp_path / "chat.txt"
    lines = ["31.12.23, 23:58 - Ada: Hello", "Grüße", "31.12.23, 23:59 - Ada: Hi \ufffd"]
    file.write_bytes(b"\n".join((*(x.encode("latin-1") for x in lines[:2]), lines[2].encode())))
    [record], aside = read(file)
    assert record.text == "Hi \ufffd"
    assert aside.left_out == {"not UTF-8 text": 1}
    assert aside.first[0].reason.startswith("line 2, byte 3 is 0xfc")


def test_prose_is_no_chat(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("On 31/12/2023 we met.\nIt was cold - very cold: minus ten.\n")
    [record], _ = read(file)
    assert record.text.startswith("On 31/12")


UNKNOWN = {
    "dots": "2023. 12. 31. 오후 3:15, {} : {}",
    "words": "2023년 12월 31일 오후 3:15, {} : {}",
    "no dash": "12/31/23 11:58 PM {}: {}",
    "bars": "2023-12-31 | 23:58 | {}: {}",
    "a day alone": "31.12.2023 {}: {}",
}


@pytest.mark.parametrize("form", UNKNOWN)
def test_a_chat_of_an_unknown_form_is_not_read_in_silence(tmp_path, form):
    said = [("Ada", "Hello"), ("Bob", "Hi"), ("Bob", "How are you?"), ("Ada", "Fine")]
    file = tmp_path / "chat.txt"
    file.write_text("Saved today\n" + "\nmore\n".join(UNKNOWN[form].format(*s) for s in said))
    records, aside = read(file)
    assert (records, aside.left_out) == ([], {"a chat of an unknown form": 1})
    # The form, and nobody's words or name.
    assert "xxx" in aside.first[0].reason
    assert "00" in aside.first[0].reason
    assert "Ada" not in aside.first[0].reason
    [record], aside = read(file, FieldMap(third_party=True))
    assert record.text == file.read_text()
    assert (aside.left_out, aside.doubts) == ({}, {"a chat of an unknown form": 1})


def test_diaries_and_lists_are_no_chats(tmp_path):
    diary = [f"{day}.5.1941\nIt was cold: minus {day}.\nWe stayed." for day in range(1, 9)]
    table = [
        f"2023-12-{day} {place}: {day}" for day, place in enumerate(("Rome", "Ulm", "Bern"), 10)
    ]
    for i, text in enumerate(("\n".join(diary), "\n".join(table), "Ada: Hello\nBob: Hi\n" * 4)):
        file = tmp_path / f"{i}.txt"
        file.write_text(text)
        [record], aside = read(file)
        assert (record.text, aside.summary()) == (text, "")


def test_exports_of_telegram(tmp_path):
    message = {"type": "message", "date": "2020-05-04T10:00:00", "date_unixtime": "1588586400"}
    ada = {**message, "from": "Ada", "from_id": "user1"}
    messages = [
        {**ada, "text": ["Hello ", {"type": "bold", "text": "Bob"}]},
        {**message, "from": "Bob", "from_id": "user2", "text": "Hi"},
        {**ada, "text": "Eve's words", "forwarded_from": "Eve"},
        {**message, "type": "service", "action": "pin_message"},
        {**ada, "text": ""},
    ]
    one = tmp_path / "result.json"
    one.write_text(json.dumps({"name": "Bob", "messages": messages}))
    [record], aside = read(one)
    assert (record.text, record.claimed.first) == ("Hello Bob", date(2020, 5, 4))
    assert aside.left_out["third party"] == 2
    [by_id], _ = read(one, FieldMap(me=frozenset(("user2",))))
    assert by_id.text == "Hi"
    one.write_text(json.dumps({"chats": {"list": [{"name": "B", "messages": messages}] * 2}}))
    assert len(read(one)[0]) == 2


def test_exports_of_slack(tmp_path):
    day = tmp_path / "general" / "2020-05-04.json"
    day.parent.mkdir()
    profile = {"email": "ada@example.org", "real_name": "Ada L.", "display_name": "Countess"}
    users = [{"id": "U1", "name": "ada", "profile": profile}, {"id": "U3", "profile": None}]
    (tmp_path / "users.json").write_text(json.dumps(users))
    entries = [
        {"type": "message", "user": "U1", "text": "Hello", "ts": "1588586400.0002"},
        {"type": "message", "user": "U2", "text": "Hi", "ts": "1588586401.0002"},
        {"type": "message", "subtype": "channel_join", "user": "U2", "text": "joined", "ts": "1"},
        {"type": "message", "bot_id": "B1", "text": "Built.", "ts": "1588586402.1"},
        {"type": "message", "user": "U1", "text": ["Hello"], "ts": "1588586403.1"},
    ]
    day.write_text(json.dumps(entries))
    [record], aside = read(day)
    assert (record.text, record.attributes["conversation"]) == ("Hello", "general")
    assert record.claimed.first == date(2020, 5, 4)
    odd = {"line of the program": 1, "no text of a message": 1}
    assert aside.left_out == {"third party": 2, **odd}
    for name in ("u1", "ada", "ada l.", "countess"):
        [by_name], _ = read(day, FieldMap(me=frozenset((name,))))
        assert (by_name.text, by_name.attributes["author"]) == ("Hello", "ada@example.org")
    *_, bot = read(day, FieldMap(third_party=True))[0]
    assert (bot.text, bot.origin) == ("Built.", "machine")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"messages": [7, null], "date_unixtime": 3}', "no message"),
        ('{"messages": null, "x": {"date_unixtime": 3}}', "file cannot be read"),
        ('{"chats": [], "x": {"messages": 1, "date_unixtime": 3}}', "file cannot be read"),
        ('{"chats": {"list": [7], "messages": 1, "date_unixtime": 3}}', "file cannot be read"),
    ],
)
def test_json_that_is_no_export_after_all_is_named(tmp_path, content, kind):
    file = tmp_path / "result.json"
    file.write_text(content)
    records, aside = read(file)
    assert not records
    assert set(aside.left_out) == {kind}
