"""What is looked at has one name, wherever it is told."""

from dataclasses import replace

import pytest

from inference.results.inputs import ImageInput, Input
from tests.image_factories import make_image_info
from widgets.subject import Subject


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (ImageInput(), "portrait 0"),
        (ImageInput(seed=3, kind="scene"), "scene 3"),
        (ImageInput(path="/images/cat.png"), "cat.png"),
    ],
)
def test_an_image_is_called_what_the_checkpoint_is_given(image, name):
    info = replace(make_image_info(name="igpt-test"), image_kind="portrait")
    assert Subject(info, Input(image=image)).title == f"igpt-test  ·  {name}"
