"""Work behind the panel: what it tells, how it breaks off, and that nothing of it stays."""

import gc
import threading
from weakref import ref

import pytest
from napari.utils.notifications import notification_manager
from tests._napari.conftest import ENDLESS, TIMEOUT

from napari_dynaseg._napari.layers.tools import TOOLS
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg.errors import EditError, RunError

LITTLE = "too little memory for this"


class Told:
    """All that a task calls back, in order."""

    def __init__(self):
        self.calls = []

    def listen(self, work):
        """Make a task that tells it here."""
        return Task(
            work,
            LITTLE,
            on_news=lambda news: self.calls.append(("news", news)),
            on_result=lambda result: self.calls.append(("result", result)),
            on_failure=lambda: self.calls.append("failure"),
            on_end=lambda: self.calls.append("end"),
            on_release=lambda: self.calls.append("release"),
        )

    @property
    def is_released(self):
        return "release" in self.calls


@pytest.fixture
def told():
    return Told()


def fail(error):
    raise error


def count_for_ever(closed_in):
    try:
        yield from range(10**9)
    finally:
        closed_in.append(threading.get_ident())


def test_work_tells_its_news_its_result_and_its_end(qtbot, told):
    def work():
        got = yield "first"
        while got is None:
            got = yield None
        return got

    task = told.listen(work())
    task.start()
    task.send("sent")
    qtbot.waitUntil(lambda: told.is_released, timeout=TIMEOUT)
    calls = [call for call in told.calls if call != ("news", None)]
    assert calls == [("news", "first"), ("result", "sent"), "end", "release"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (EditError("there is no label here"), "there is no label here"),
        (MemoryError(), LITTLE),
        (RuntimeError("DefaultCPUAllocator: not enough memory: 9 GB"), LITTLE),
    ],
)
def test_what_the_user_can_mend_is_told_in_a_sentence(qtbot, told, error, sentence):
    told.listen(call_once(fail, error)).start()
    qtbot.waitUntil(lambda: told.is_released, timeout=TIMEOUT)
    assert told.calls == [("news", None), "failure", "end", "release"]
    assert notification_manager.records[-1].message == sentence


def test_a_runtime_error_is_reported_as_ours_and_leaves_no_worker_running(qtbot, told):
    task = told.listen(call_once(fail, RuntimeError("odd")))
    worker = task._worker
    with qtbot.captureExceptions() as caught:
        task.start()
        qtbot.waitUntil(lambda: told.is_released, timeout=TIMEOUT)
    assert [(kind, str(error)) for kind, error, _ in caught] == [
        (RunError, "the work broke off: odd")
    ]
    assert not worker.is_running
    assert told.calls == [("news", None), "end", "release"]


def test_stopping_ends_at_once_and_closes_the_work_in_its_thread(qtbot, told):
    closed_in = []
    task = told.listen(count_for_ever(closed_in))
    task.start()
    qtbot.waitUntil(lambda: len(told.calls) > 2, timeout=TIMEOUT)
    task.stop()
    assert task.is_over
    assert told.calls[-1] == "end"
    qtbot.waitUntil(lambda: told.is_released, timeout=TIMEOUT)
    assert told.calls[-2:] == ["end", "release"]
    assert len(closed_in) == 1
    assert closed_in != [threading.get_ident()]


def test_leaving_calls_nobody_back(qtbot, told):
    closed_in = []
    task = told.listen(count_for_ever(closed_in))
    task.start()
    qtbot.waitUntil(lambda: bool(told.calls), timeout=TIMEOUT)
    task.leave()
    before = list(told.calls)
    qtbot.waitUntil(lambda: bool(closed_in), timeout=TIMEOUT)
    qtbot.wait(50)
    assert told.calls == before


def segment(panel, finish):
    layer = finish(panel)
    kept = panel.kept.find(layer)
    return layer, [kept, *kept.snapshots]


def correct(panel, finish, qtbot):
    layer, made = segment(panel, finish)
    panel.corrections.press(next(tool for tool in TOOLS if tool.name == "relabel"))
    task = ref(panel.corrections.queue.tasks.task)
    qtbot.waitUntil(lambda: panel.corrections.queue.tasks.task is None, timeout=TIMEOUT)
    return layer, [*made, task]


def refine(panel, finish, qtbot):
    layer, made = segment(panel, finish)
    layer.data[4:8, 4:8] = 5
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.refine()
        run = panel.run
    return layer, [*made, run]


def look_back(panel, finish, qtbot):
    layer, made = segment(panel, finish)
    panel.compare.scrub(0)
    panel.compare.end()
    return layer, made


def explore(panel, finish, qtbot):
    panel.explore_button.open()
    sheet = panel.explore_button.sheet
    qtbot.waitUntil(lambda: sheet._task.is_over, timeout=TIMEOUT)
    panel.explore_button.close_sheet()
    layer, made = segment(panel, finish)
    return layer, [*made, sheet]


def run_method(panel, _finish, qtbot):
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.run_method()
        run = panel.run
    return run.layer, [run]


def segment_alone(panel, finish, _qtbot):
    return segment(panel, finish)


@pytest.mark.parametrize("work", [segment_alone, refine, run_method, look_back, correct, explore])
def test_nothing_of_a_run_outlives_its_layer(panel, viewer, finish, qtbot, work):
    alive = []
    for _ in range(5):
        layer, made = work(panel, finish, qtbot)
        layer = viewer.layers[-1]
        alive += [each if isinstance(each, ref) else ref(each) for each in (layer, *made)]
        viewer.layers.remove(layer)
        del layer, made
    qtbot.wait(50)
    # What was last on view may still be referred to from there.
    segment(panel, finish)
    gc.collect()
    left = [each() for each in alive if each() is not None]
    assert left == []


def test_quick_starts_and_stops_leave_no_threads(panel, qtbot):
    panel.show_settings(ENDLESS)
    counts = []
    for _ in range(6):
        panel.segment_button.native.click()
        run = panel.run
        qtbot.waitUntil(lambda: run.update is not None, timeout=TIMEOUT)  # noqa: B023
        worker = run._task._worker
        panel.stop_button.native.click()
        qtbot.waitUntil(lambda: not worker.is_running, timeout=TIMEOUT)  # noqa: B023
        counts.append(threading.active_count())
    assert max(counts[1:]) <= counts[0]
