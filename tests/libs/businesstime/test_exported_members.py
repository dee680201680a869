from __future__ import annotations

import businesstime


def test_every_name_is_there_once_and_in_order() -> None:
    """`__all__` names what the package has, sorted and once each."""
    assert all(hasattr(businesstime, name) for name in businesstime.__all__)
    assert len(set(businesstime.__all__)) == len(businesstime.__all__)
    kinds = [[name for name in businesstime.__all__ if test(name)] for test in (str.isupper, str.islower)]
    assert all(names == sorted(names) for names in kinds)


def test_every_name_says_what_it_is() -> None:
    """Every exported class and function has a docstring of its own."""
    bare = [
        name
        for name in businesstime.__all__
        if callable(value := getattr(businesstime, name)) and not value.__doc__
    ]
    assert bare == []
