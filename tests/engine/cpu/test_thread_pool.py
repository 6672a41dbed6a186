"""Lanes: order, memory of their own, and threads that end."""

import threading

import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.thread_pool import Lanes, Shares, Workspace


def test_results_come_in_the_order_of_the_items():
    with Lanes(3) as lanes:
        assert lanes.map(lambda item: item * item, range(50)) == [item**2 for item in range(50)]


def test_a_lane_takes_its_own_part_from_the_first_and_then_from_the_end_of_what_is_left():
    shares = Shares(6, lanes=2)
    other, own = shares.take(0), shares.take(1)
    assert next(other) == 0
    assert list(own) == [3, 4, 5, 2, 1]
    assert list(other) == []


def test_more_lanes_than_places_share_them_out_once_each():
    shares = Shares(2, lanes=3)
    assert sorted(place for lane in range(3) for place in shares.take(lane)) == [0, 1]


def test_the_same_lane_gets_the_same_items_again():
    gate = threading.Barrier(2)

    def work_together(item):
        if item in (0, 2):  # the first of each lane
            gate.wait(timeout=60)
        return threading.get_ident()

    with Lanes(2) as lanes:
        first, second = (lanes.map(work_together, range(4)) for _ in range(2))
    assert (first[0], first[2]) == (second[0], second[2])
    assert first[0] != first[2]


def test_after_an_error_no_lane_begins_another_item():
    begun = []

    def fail(item):
        begun.append(item)
        raise ValueError("odd")

    with Lanes(2) as lanes:
        with pytest.raises(ValueError, match="odd"):
            lanes.map(fail, range(50))
        assert len(begun) <= 2
        assert lanes.map(lambda item: item, [1, 2]) == [1, 2]


def test_an_error_in_a_lane_reaches_the_caller():
    def fail(_):
        raise ValueError("odd")

    with Lanes(2) as lanes, pytest.raises(ValueError, match="odd"):
        lanes.map(fail, [1, 2])


def test_each_lane_computes_with_one_thread_and_leaves_the_callers_threads_alone():
    before = torch.get_num_threads()
    with Lanes(2) as lanes:
        assert lanes.map(lambda _: torch.get_num_threads(), range(8)) == [1] * 8
    assert torch.get_num_threads() == before


def test_new_threads_of_the_process_have_as_many_threads_of_torch_as_before():
    def count_in_a_new_thread():
        counts = []
        thread = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return counts[0]

    before = count_in_a_new_thread()
    with Lanes(3) as lanes:
        lanes.map(lambda item: item, range(8))
        assert count_in_a_new_thread() == before
    assert count_in_a_new_thread() == before


def test_a_lane_is_opened_for_each_thread_of_torch_in_any_thread():
    counts = []

    def count_lanes():
        with Lanes() as lanes:
            counts.append(lanes._pool._max_workers)

    for _ in range(2):
        thread = threading.Thread(target=count_lanes)
        thread.start()
        thread.join()
    assert counts == [torch.get_num_threads()] * 2


def test_closing_ends_the_threads():
    lanes = Lanes(2)
    threads = set(lanes.map(lambda _: threading.current_thread(), range(8)))
    assert all(thread.is_alive() for thread in threads)
    lanes.close()
    assert not any(thread.is_alive() for thread in threads)


def test_a_workspace_gives_the_same_memory_again():
    workspace = Workspace()
    first = workspace.take("numbers", 4, 5)
    again = workspace.take("numbers", 3, 2)
    assert first.data_ptr() == again.data_ptr()
    assert again.shape == (3, 2)


def test_a_workspace_grows_when_asked_for_more():
    workspace = Workspace()
    workspace.take("numbers", 4)
    assert workspace.take("numbers", 9).shape == (9,)


def test_the_leader_computes_with_one_thread_and_hands_parts_to_the_lanes():
    with Lanes(2) as lanes:
        threads, parts = lanes.lead(
            lambda: (torch.get_num_threads(), lanes.map(lambda item: item + 1, [1, 2]))
        )
    assert (threads, parts) == (1, [2, 3])


def test_closing_ends_the_leader():
    lanes = Lanes(2)
    leader = lanes.lead(threading.current_thread)
    lanes.close()
    assert not leader.is_alive()
