import threading

import pytest

from genloss.models.threads import each_chain


@pytest.mark.parametrize("threads", [1, 2, 7, None])
def test_every_chain_is_visited_once(threads):
    seen = []
    each_chain(seen.append, 23, threads)
    assert sorted(seen) == list(range(23))


def test_no_more_threads_than_chains_or_than_allowed():
    for n_chains, threads, most in ((2, 8, 2), (8, 3, 3), (4, 1, 1)):
        names = set()
        each_chain(lambda c, names=names: names.add(threading.get_ident()), n_chains, threads)
        assert 1 <= len(names) <= most


def test_the_first_failure_is_raised_and_ends_the_rest():
    seen = []

    def task(chain):
        seen.append(chain)
        if chain == 3:
            raise ValueError("chain 3")

    with pytest.raises(ValueError, match="chain 3"):
        each_chain(task, 1000, 1)
    assert seen == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="chain 3"):
        each_chain(task, 1000, 4)
