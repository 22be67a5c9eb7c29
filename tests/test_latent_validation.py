"""What a user may log: each invalid argument is a ValueError that says which one it is and what is wrong."""

import numpy as np
import pytest
from helpers import latent

from tb_plugin.summary import latent as summary
from tb_plugin.writer.pictures import Layout, Pictures

codes, labels, images, decoder = latent.arrays()

NAN = codes.copy()
NAN[3, 1] = np.nan
REFUSED = {
    "NaN": (r"codes: 1 of 60 numbers are not finite .* \[3, 1\]", {"codes": NAN}),
    "too large": ("codes: .*not finite", {"codes": codes * 1e300}),
    "ragged": ("codes: the rows have different lengths", {"codes": [[1, 2], [3]]}),
    "text": ("codes: dtype is", {"codes": [["a", "b"]]}),
    "complex": ("codes: dtype is complex", {"codes": codes * 1j}),
    "a vector": (r"codes: shape is \[30\]", {"codes": codes[:, 0]}),
    "no points": (r"codes: shape is \[0, 2\]", {"codes": codes[:0]}),
    "too many": (r"codes: shape is \[1000001, 1\], the limit is 1,000,000", {"codes": np.zeros((1_000_001, 1), "f4")}),
    "labels' length": (r"labels: shape is \[29\], it must be \[30\]", {"labels": labels[1:]}),
    "labels' type": ("labels: dtype is complex128", {"labels": labels * 1j}),
    "labels that are mixed": ("labels: one is 3,", {"labels": ["a", 3] * 15}),
    "labels that are no text of class names": (
        "labels: 'c' is not one of class_names",
        {"labels": ["a", "c"] * 15, "class_names": ["a", "b"]},
    ),
    "float labels with class names": (
        "labels: with class_names they must be integers",
        {"labels": labels / 4, "class_names": list("abc")},
    ),
    "labels' NaN": ("labels: 30 of 30 numbers are not finite", {"labels": labels * np.nan}),
    "labels beyond names": (
        "labels: they are 0 to 9, they must be -1",
        {"labels": labels, "class_names": ["a", "b"]},
    ),
    "labels beyond int32": ("labels: they are", {"labels": labels * 2**40}),
    "class names": ("class_names: it must be a list", {"class_names": "abc"}),
    "class names' type": ("class_names: it must be a list", {"class_names": [1, 2]}),
    "images' length": ("images: there are 29 for 30 codes", {"images": images[1:]}),
    "images' rank": (
        r"images: shape is \[30, 36\].*give image_shape, for instance \(6, 6\)",
        {"images": images.reshape(30, 36)},
    ),
    "images' channels": (r"images: shape is \[30, 6, 6, 2\]", {"images": np.zeros((30, 6, 6, 2))}),
    "images' range": ("images: floats are 0 to 255, they must be 0..1", {"images": np.where(images > 0.5, 255.0, 0)}),
    "images' NaN": ("images: 1,080 of 1,080 numbers", {"images": images * np.nan}),
    "images' type": ("images: dtype is complex", {"images": images * 1j}),
    "integer images' range": (
        "images: integers are -1 to 0, .*0..255",
        {"images": np.zeros((30, 6, 6), int) - labels[0] - np.arange(2).repeat(3)},
    ),
    "images of 0 and 1": (r"images: they are integers of 0 and 1; give value_range=", {"images": (images > 0.5) * 1}),
    "images in -1..1": (r"images: floats are -.* value_range=\(-1, 1\)", {"images": images * 2 - 1}),
    "images in another range": ("images: floats are 0.* 0..0.5", {"images": images, "value_range": (0, 0.5)}),
    "images' order": (
        r"images: shape \[30, 3, 6, 3\] is ambiguous; give image_order=",
        {"images": np.zeros((30, 3, 6, 3))},
    ),
    "vectors' order": (
        "images: vectors of 3 channels are ambiguous; give image_order=",
        {"images": np.zeros((30, 108)), "image_shape": (6, 6, 3)},
    ),
    "images' shape": (
        r"images: each has 36 numbers, image_shape \[6, 5, 1\] has 30",
        {"images": images.reshape(30, 36), "image_shape": (6, 5)},
    ),
    "image_order": ("image_order: it is 'NCHW'", {"image_order": "NCHW"}),
    "image_shape": ("image_shape: it is", {"image_shape": (3, 6, 6)}),
    "image_shape's type": ("image_shape: it is 6", {"image_shape": 6}),
    "value_range": ("value_range: it is", {"value_range": (1, 0)}),
    "images' size": ("images: each has 1025 x 1 pixels", {"images": np.zeros((30, 1025, 1))}),
    "reconstructions' shape": (
        r"reconstructions: each is \[5, 6, 1\], it must be \[6, 6, 1\]",
        {"images": images, "reconstructions": images[:, 1:]},
    ),
    "reconstructions' NaN": ("reconstructions: .*not finite", {"reconstructions": images * np.nan}),
    "errors' length": (r"errors: shape is \[3\]", {"errors": [1, 2, 3]}),
    "errors' NaN": ("errors: 1 of 30", {"errors": [np.inf] + [0] * 29}),
    "decoder's input": (
        "decoder: it takes codes of 2 numbers, the codes have 3",
        {"codes": np.zeros((30, 3)), "decoder": decoder},
    ),
    "decoder's output": (
        r"decoder: its pictures are \[6, 6\], the images are \[5, 6, 1\]",
        {"images": images[:, 1:], "decoder": decoder},
    ),
    "decoder's type": ("decoder: it is a function", {"decoder": lambda codes: codes}),
    "walk's center": (r"walk: the shape of center is \[3\]", {"walk": {"center": [1, 2, 3], "radius": 1}}),
    "walk's radius": ("walk's radius: 1 of 1", {"walk": {"center": [1, 2], "radius": np.nan}}),
    "walk's frames": ("walk: frames is 1000000000", {"walk": {"center": [1, 2], "radius": 1, "frames": 10**9}}),
    "walk's keys": ("walk: it must be a dict", {"walk": {"centre": [1, 2]}}),
    "index": ("index: it is -1", {"index": -1}),
    "name": ("name: it is ''", {"name": ""}),
    "name's quotes": ("name: .*quotes", {"name": 'a "b"'}),
    "name's control characters": ("name: .*control", {"name": "a\nb"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_argument_is_an_error_that_names_it(case):
    message, arguments = REFUSED[case]
    arguments = {"name": "z", "codes": codes} | arguments
    summary("z", codes, labels=labels, images=images, decoder=decoder)  # the other arguments are valid
    with pytest.raises(ValueError, match=message):
        summary(**arguments)


def test_images_are_rounded_to_uint8():
    def pixels(value, **more):
        return Pictures("images", np.array(value), 1, Layout(**more), clip=True).pixels().ravel().tolist()

    assert pixels([[[0.5, 0.1, 0.99]]]) == [128, 26, 252]
    assert pixels([[[-3.0, 2.0]]]) == [0, 255]
    assert pixels([[[-1.0, 0.0]]], value_range=(-1, 1)) == [0, 128]
    whole = Pictures("images", np.full((5000, 1, 1), 0.5), 5000, Layout())
    assert set(whole.pixels().ravel()) == {128}
    assert whole.squared_errors(np.full((5000, 1, 1, 1), 255, np.uint8)).tolist() == [0.25] * 5000
