"""Films from files: the frames that are asked for and no others, in bounded memory, or one sentence why not."""

import io
import weakref

import numpy as np
import pytest
from PIL import Image

from inference.context import Cancelled, Refused
from inference.inputs.clips import preparing, sources, video
from inference.inputs.clips.preparing import MOST_PREVIEWS, clip_stamp, evenly, overview, prepare_clip
from inference.inputs.clips.sources import FilmSource, open_film
from inference.inputs.images import Preparation
from inference.results.inputs import ClipInput
from tests.inference.tiny_films import frames_of, save_webp

HOW = Preparation((24, 32), None, 2, 1 / 255, (0.5,) * 3, (0.5,) * 3, (8, 8))


def save_folder(folder, frames):
    folder.mkdir()
    for number, frame in enumerate(frames):
        frame.save(folder / f"frame-{number}.png")  # 10 comes behind 9
    (folder / "notes.txt").write_text("no frame")
    return folder


def save_gif(file, frames):
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=40)
    return file


def save_video(file, frames, codec):
    import av

    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode(None))
    return file


def smooth(n):
    """Frames that survive a video's compression: each of one colour."""
    return [Image.new("RGB", (32, 24), (4 * i, 128, 64)) for i in range(n)]


def film(folder, kind):
    frames = smooth(12)
    if kind == "folder":
        return save_folder(folder / "frames", frames)
    if kind in ("webp", "gif"):
        return (save_webp if kind == "webp" else save_gif)(folder / f"a.{kind}", frames)
    return save_video(folder / f"a.{kind}", frames, "libx264" if kind == "mp4" else "libvpx-vp9")


@pytest.mark.parametrize("kind", ["webp", "gif", "folder", "mp4", "webm"])
def test_the_chosen_frames_are_shown_in_their_order(kind, tmp_path):
    path = film(tmp_path, kind)
    prepared = prepare_clip(ClipInput(str(path), frames=(10, 2, 2, 7)), HOW, 4)
    assert prepared.whole.n_frames == 12
    assert prepared.size == (32, 24)
    red = prepared.all_seen[..., 0].mean((1, 2))
    np.testing.assert_allclose(red, [40, 8, 8, 28], atol=0 if kind in ("webp", "folder") else 8)
    assert prepared.all_values.shape == (4, 3, 24, 32)
    np.testing.assert_allclose(prepared.all_values[:, 0].mean((1, 2)), red / 127.5 - 1, atol=1e-5)
    assert prepared.whole.rate == pytest.approx({"folder": 8, "gif": 25}.get(kind, 10), rel=0.01)


def test_frames_are_spread_evenly_unless_they_are_chosen():
    assert evenly(12, 4) == (1, 4, 7, 10)
    assert evenly(2, 4) == (0, 0, 1, 1)
    assert prepare_clip(ClipInput(seed=1), HOW, 4).frames == evenly(
        prepare_clip(ClipInput(seed=1), HOW, 4).whole.n_frames, 4
    )


def test_a_generated_clip_is_painted_in_the_size_that_the_model_takes():
    prepared = prepare_clip(ClipInput(seed=1), HOW, 4)
    assert prepared.all_seen.shape == (4, 24, 32, 3)
    assert "drawn at 32 × 32" in prepared.about
    assert prepared.clip is not None


def test_of_600_frames_one_at_a_time_is_held():
    alive = most = 0

    def forget():
        nonlocal alive
        alive -= 1

    def frames():
        nonlocal alive, most
        for _ in range(600):
            image = Image.new("RGB", (400, 300))
            weakref.finalize(image, forget)
            alive += 1
            most = max(most, alive)
            yield image

    found = overview(FilmSource("long", frames, (400, 300), 25.0))
    assert most <= 2
    assert found.n_frames == 600
    assert len(found.previews) <= MOST_PREVIEWS
    assert found.step * len(found.previews) >= 600
    assert found.previews.shape[1:] == (72, 96, 3)


def test_nobody_waits_for_the_rest_of_a_film(tmp_path):
    file = save_webp(tmp_path / "a.webp", frames_of(9))

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        prepare_clip(ClipInput(str(file)), HOW, 4, stop)


REFUSED = {
    "no file": (lambda folder: folder / "none.gif", "none.gif is no file; choose a film: GIF"),
    "a text": (lambda folder: written(folder / "a.gif", b"hello"), "a.gif is no film that can be read"),
    "a text as video": (lambda folder: written(folder / "a.mp4", b"hello"), "a.mp4 is no video that can be read"),
    "an empty folder": (lambda folder: folder, "holds no numbered images"),
    "frames of two sizes": (
        lambda folder: save_folder(folder / "two", [*smooth(2), Image.new("RGB", (30, 24))]),
        "frame-2.png has 30 × 24 pixels and frame-0.png 32 × 24",
    ),
    "a playlist": (
        lambda folder: written(folder / "a.mp4", b"#EXTM3U\nhttp://127.0.0.1/x.mp4\n"),
        "a.mp4 is no video that can be read",
    ),
}


def written(file, content):
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_film_is_refused_in_a_sentence(case, tmp_path):
    make, why = REFUSED[case]
    with pytest.raises(Refused, match=why):
        prepare_clip(ClipInput(str(make(tmp_path))), HOW, 4)


def test_a_film_that_ends_in_the_middle_says_so(tmp_path):
    for name, make in (("a.mp4", lambda file: save_video(file, smooth(12), "libx264")),):
        file = make(tmp_path / name)
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 3])
        with pytest.raises(Refused, match="damaged"):
            prepare_clip(ClipInput(str(file)), HOW, 4)


def test_sizes_are_looked_at_before_a_frame_is_decoded(tmp_path, monkeypatch):
    file = save_webp(tmp_path / "a.webp", frames_of(9))
    monkeypatch.setattr(sources, "MOST_FRAME_PIXELS", 700)
    with pytest.raises(Refused, match="32 × 24 pixels; up to 700"):
        open_film(str(file))
    mp4 = save_video(tmp_path / "a.mp4", smooth(3), "libx264")
    with pytest.raises(Refused, match="32 × 24 pixels; up to 700"):
        open_film(str(mp4))
    monkeypatch.setattr(sources, "MOST_FRAME_PIXELS", 10**6)
    monkeypatch.setattr(sources, "MOST_FILM_FRAMES", 8)
    with pytest.raises(Refused, match="has 9 frames; films of up to 8"):
        open_film(str(file))
    long = save_video(tmp_path / "b.mp4", smooth(9), "libx264")
    with pytest.raises(Refused, match="more than 8 frames"):
        overview(open_film(str(long)))
    monkeypatch.setattr(sources, "MOST_FILM_BYTES", 10)
    with pytest.raises(Refused, match="films of up to 0 MB"):
        open_film(str(file))


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ((0, 1), "2 frames were chosen; the model takes 4"),
        ((0, 1, 2, 99), "Frame 99 was chosen; the film has frames 0 to 8"),
    ],
)
def test_frames_that_are_not_there_are_refused(frames, why, tmp_path):
    file = save_webp(tmp_path / "a.webp", frames_of(9))
    with pytest.raises(Refused, match=why):
        prepare_clip(ClipInput(str(file), frames=frames), HOW, 4)
    with pytest.raises(Refused, match="seed of the clip is -1"):
        prepare_clip(ClipInput(seed=-1), HOW, 4)


def test_without_pyav_a_video_says_what_is_missing(tmp_path, monkeypatch):
    file = save_video(tmp_path / "a.mp4", smooth(3), "libx264")
    monkeypatch.setattr(video, "find_spec", lambda _name: None)
    with pytest.raises(Refused, match=r"pip install headlight\[video\]"):
        open_film(str(file))


def test_one_image_is_shown_in_every_frame(tmp_path):
    smooth(5)[4].save(tmp_path / "still.png")
    prepared = prepare_clip(ClipInput(str(tmp_path / "still.png")), HOW, 4)
    assert prepared.frames == (0, 0, 0, 0)
    assert prepared.notes == ("It is one image: every frame shows it.",)


def test_transparent_parts_are_white(tmp_path):
    frames = [Image.new("RGBA", (32, 24), (0, 0, 0, 0)) for _ in range(3)]
    frames[1].putpixel((0, 0), (255, 0, 0, 255))
    save_webp(tmp_path / "a.webp", frames)
    prepared = prepare_clip(ClipInput(str(tmp_path / "a.webp"), frames=(0, 1, 2, 2)), HOW, 4)
    assert prepared.all_seen[0].min() == 255


def test_another_film_of_the_same_name_is_another_film(tmp_path):
    folder = save_folder(tmp_path / "frames", smooth(4))
    before = clip_stamp(ClipInput(str(folder)))
    assert clip_stamp(ClipInput(str(folder), frames=(1,))) == before
    content = io.BytesIO()
    Image.new("RGB", (32, 24), "red").save(content, "PNG", compress_level=0)
    (folder / "frame-2.png").write_bytes(content.getvalue())
    assert clip_stamp(ClipInput(str(folder))) != before
    assert len(preparing._KEPT) <= 2
