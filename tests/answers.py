"""What a view asks, and answers as the engine would give them, of the type that it asked for."""


def answer(view, result, *, is_partial=False):
    """Give a view the answer to its latest request of that result's type."""
    view.take_result(_request(view, type(result)), result, is_partial)


def watched(view, qtbot, width, height):
    """A view on screen, in whose `asked` stands all that it asks from now on."""
    qtbot.addWidget(view)
    view.asked = []
    view.request_changed.connect(view.asked.append)
    view.resize(width, height)
    view.show()
    return view


def fail(view, failure, result_type=None):
    """Let the request for that type of result fail; the last one that was asked unless a type is named."""
    view.take_failure(_request(view, result_type), failure)


def _request(view, result_type):
    if not view._asked:  # a test without a window: nothing is visible, so nothing was asked
        view._asked = view.requests()
    asked = [request for request in view._asked if result_type is None or type(request).result_type() is result_type]
    assert asked, f"{view.objectName() or type(view).__name__} did not ask for {result_type}"
    return asked[-1]
