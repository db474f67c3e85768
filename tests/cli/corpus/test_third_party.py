"""Mail of others stays out of every command that reads, which says so and how to let it in."""

import mailbox
from email.message import EmailMessage

import pytest

COMMANDS = {
    "curate": ("mail", "--before", "2030-01-01", "--out", "out.jsonl"),
    "mix": ("mixture.toml", "--out", "out.jsonl"),
    "calibrate": ("mail", "--scorer", "cheap_features", "--with", "texts=none.jsonl"),
    "detect": ("mail",),
    "share": ("mail", "--human", "mail"),
    "audit": ("mail",),
    "dedup": ("mail", "--out", "distinct"),
}


@pytest.fixture
def mail(tmp_path):
    box = mailbox.Maildir(tmp_path / "mail")
    for i in range(3):
        message = EmailMessage()
        message["From"], message["Subject"] = "Ada <ada@example.org>", "A letter"
        message["Date"] = "Fri, 02 May 2014 10:00:00 +0000"
        message.set_content(f"This is letter number {i} of a long correspondence with a friend.")
        box.add(message)
    mixture = '[[parts]]\nname = "letters"\npaths = ["mail"]\ncount = 2\n'
    (tmp_path / "mixture.toml").write_text(mixture)


@pytest.mark.parametrize("command", ["curate", "mix", "audit", "dedup", "share"])
def test_a_corpus_of_others_alone_is_an_error_that_names_the_way_in(genloss, mail, command):
    refused = genloss("corpus", command, *COMMANDS[command])
    assert refused.exit_code == 2
    assert "3 left out (third party): by somebody else; name yourself by --me" in refused.stderr


@pytest.mark.parametrize("command", ["curate", "mix"])
def test_ones_own_mail_is_curated_and_mixed(told, mail, tmp_path, command):
    way = ("--me", "Ada@example.org") if command == "curate" else ("--third-party",)
    told("corpus", command, *COMMANDS[command], *way)
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == (2 if command == "mix" else 3)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_reads_hears_whose_mail_it_is(genloss, command):
    shown = genloss("corpus", command, "--help").stdout
    assert "--me" in shown
    assert "--third-party" in shown
