"""The thread pool: order, memory of their own, and threads that end."""

import threading

import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.thread_pool import Shares, ThreadPool, Workspace


def test_results_come_in_the_order_of_the_items():
    with ThreadPool(3) as pool:
        assert pool.map(lambda item: item * item, range(50)) == [item**2 for item in range(50)]


def test_a_thread_takes_its_own_part_from_the_first_and_then_from_the_end_of_what_is_left():
    shares = Shares(6, threads=2)
    other, own = shares.take(0), shares.take(1)
    assert next(other) == 0
    assert list(own) == [3, 4, 5, 2, 1]
    assert list(other) == []


def test_more_threads_than_places_share_them_out_once_each():
    shares = Shares(2, threads=3)
    assert sorted(place for thread in range(3) for place in shares.take(thread)) == [0, 1]


def test_the_same_thread_gets_the_same_items_again():
    gate = threading.Barrier(2)

    def work_together(item):
        if item in (0, 2):  # the first of each thread
            gate.wait(timeout=60)
        return threading.get_ident()

    with ThreadPool(2) as pool:
        first, second = (pool.map(work_together, range(4)) for _ in range(2))
    assert (first[0], first[2]) == (second[0], second[2])
    assert first[0] != first[2]


def test_after_an_error_no_thread_begins_another_item():
    begun = []

    def fail(item):
        begun.append(item)
        raise ValueError("odd")

    with ThreadPool(2) as pool:
        with pytest.raises(ValueError, match="odd"):
            pool.map(fail, range(50))
        assert len(begun) <= 2
        assert pool.map(lambda item: item, [1, 2]) == [1, 2]


def test_an_error_in_a_thread_reaches_the_caller():
    def fail(_):
        raise ValueError("odd")

    with ThreadPool(2) as pool, pytest.raises(ValueError, match="odd"):
        pool.map(fail, [1, 2])


def test_each_thread_computes_with_one_thread_and_leaves_the_callers_threads_alone():
    before = torch.get_num_threads()
    with ThreadPool(2) as pool:
        assert pool.map(lambda _: torch.get_num_threads(), range(8)) == [1] * 8
    assert torch.get_num_threads() == before


def test_new_threads_of_the_process_have_as_many_threads_of_torch_as_before():
    def count_in_a_new_thread():
        counts = []
        thread = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return counts[0]

    before = count_in_a_new_thread()
    with ThreadPool(3) as pool:
        pool.map(lambda item: item, range(8))
        assert count_in_a_new_thread() == before
    assert count_in_a_new_thread() == before


def test_a_thread_is_opened_for_each_thread_of_torch_in_any_thread():
    counts = []

    def count_threads():
        with ThreadPool() as pool:
            counts.append(pool._workers._max_workers)

    for _ in range(2):
        thread = threading.Thread(target=count_threads)
        thread.start()
        thread.join()
    assert counts == [torch.get_num_threads()] * 2


def test_closing_ends_the_threads():
    pool = ThreadPool(2)
    threads = set(pool.map(lambda _: threading.current_thread(), range(8)))
    assert all(thread.is_alive() for thread in threads)
    pool.close()
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


def test_the_leader_computes_with_one_thread_and_hands_parts_to_the_others():
    with ThreadPool(2) as pool:
        threads, parts = pool.lead(
            lambda: (torch.get_num_threads(), pool.map(lambda item: item + 1, [1, 2]))
        )
    assert (threads, parts) == (1, [2, 3])


def test_closing_ends_the_leader():
    pool = ThreadPool(2)
    leader = pool.lead(threading.current_thread)
    pool.close()
    assert not leader.is_alive()
