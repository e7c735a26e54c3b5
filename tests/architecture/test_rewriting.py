from tests.architecture.tree import HOME
from tests.rewriting import modules_of_share


def test_the_processes_of_a_run_share_all_test_modules_between_them():
    shares = [list(modules_of_share(share, of=3)) for share in range(3)]
    names = [name for share in shares for name in share]
    assert len(names) == len(set(names)) == len(list((HOME / "tests").rglob("test_*.py")))
    assert __name__ in names
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
