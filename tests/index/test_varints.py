from __future__ import annotations

import pytest

from codevault.index.varints import pack, pack_ascending, unpack, unpack_ascending, unzigzag, zigzag


def test_small_numbers_take_a_byte_and_larger_ones_more() -> None:
    assert pack([0, 127, 128, 300]) == b"\x00\x7f\x80\x01\xac\x02"
    assert unpack(b"\x00\x7f\x80\x01\xac\x02") == [0, 127, 128, 300]
    assert unpack(b"") == []


def test_signs_fold_into_the_lowest_bit() -> None:
    assert [zigzag(value) for value in (0, -1, 1, -2, 2)] == [0, 1, 2, 3, 4]
    assert [unzigzag(value) for value in (0, 1, 2, 3, 4)] == [0, -1, 1, -2, 2]


def test_ascending_numbers_become_steps() -> None:
    assert pack_ascending([5, 6, 10]) == b"\x05\x01\x04"
    assert unpack_ascending(b"\x05\x01\x04") == [5, 6, 10]


def test_a_number_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="cut short"):
        unpack(b"\x80")
