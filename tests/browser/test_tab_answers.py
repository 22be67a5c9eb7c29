"""What the tab makes of answers that are not the whole."""

import numpy as np
import pytest
from tab import Tab

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow


def test_images_beyond_what_an_answer_holds(page, tensorboard, tmp_path):
    """72 MB of images: 1,024 in the first answer, the others in a second."""
    images = np.arange(1100, dtype=np.uint16).view(np.uint8).reshape(1100, 1, 2, 1)  # each says which it is
    codes = np.full((1100, 2), 99)
    codes[[7, 1090]] = [[-1, 0], [1, 0]]
    with LatentWriter(str(tmp_path / "large")) as writer:
        writer.add("codes", 0, codes, images=images.repeat(256, 1).repeat(128, 2))
    asked = []
    page.on("request", lambda request: "/images?" in request.url and asked.append(request.url.partition("&start=")[2]))
    tab = Tab(page, tensorboard(tmp_path, "--load_fast=true"), view="0,0,4").painted(0)
    box = tab.plot().bounding_box()
    x, y = tab.at()
    unit = min(box["width"], box["height"]) / 4
    for index, place in ((7, x - unit), (1090, x + unit)):
        page.mouse.move(place, y)
        tab.locate(".card dd", has_text=f"{index:,}").first.wait_for()
        tab.locate(".card [aria-label=Image]").wait_for()
        image = tab.pixels(".card [aria-label=Image]")[..., 0]
        assert (image == images[index].repeat(256, 0).repeat(128, 1)[..., 0]).all()
    assert asked == ["", "1024"]
