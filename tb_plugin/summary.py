"""Logs a latent space: one call per step, from any framework.

    with LatentWriter("runs/mine") as writer:
        for step in ...:
            writer.add("codes", step, codes, labels=labels, images=images, decoder=decoder)

`latent` returns the same as a Summary, for a writer that you already have.
"""

from collections.abc import Sequence
from typing import Any

from tensorboard.compat.proto import summary_pb2

from tb_plugin import validation
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.writer.charts import Limits
from tb_plugin.writer.latent_writer import LatentWriter
from tb_plugin.writer.pictures import layout
from tb_plugin.writer.record import Step, once_of, summary_of

__all__ = ["LatentWriter", "latent"]


def latent(
    name: str,
    codes: Any,
    *,
    index: int | None = None,
    labels: Any = None,
    images: Any = None,
    class_names: Sequence[str] | None = None,
    metadata: Any = None,
    decoder: Decoder | None = None,
    encoder: Encoder | None = None,
    float16: bool = False,
    reconstructions: Any = None,
    errors: Any = None,
    projections: Any = None,
    walk: dict[str, Any] | None = None,
    chart: dict[str, Any] | None = None,
    image_order: str | None = None,
    image_shape: Sequence[int] | None = None,
    value_range: Sequence[float] | None = None,
    display_name: str = "",
    description: str = "",
) -> summary_pb2.Summary:
    """Returns a latent space at one step as a Summary.

    PyTorch's `SummaryWriter().file_writer.add_summary` takes the Summary as it is. A TensorFlow 1 `FileWriter` takes
    `latent(...).SerializeToString()`, because its Summary is another class than TensorBoard's.

    Args:
      name: the name of the latent space in the Latent tab; a run may have several.
      codes: numbers [N, D], stored as float32. The points are the same, in the same order, at every step.
      index: how many steps were logged under this name before. The step with index 0 is stored a second time, because
        TensorBoard samples the steps of a long run and could drop the first. The tab shows how many of the logged
        steps TensorBoard kept.
      labels: [N] integers or texts, which are classes, or floats, which are continuous values.
      images: the encoder's inputs, [N, H, W], [N, H, W, C] or [N, C, H, W] with 1, 3 or 4 channels, or vectors [N, n]
        with `image_shape`; floats in 0..1, booleans, or integers in 0..255.
        Labels, images and class names are logged once per run, with the first step. Each further call that gives them
        stores them again, together with its step.
      class_names: the names of the classes: label i is class_names[i], label -1 is none.
      metadata: columns about the points, a dict of names to [N] numbers or texts, or a data frame. None and NaN are
        for a point without a value. They are logged once per run, too.
      decoder: the `tb_plugin.decoder.Decoder` at this step. It takes codes [N, D] and returns pictures with the
        images' shape, or as vectors, with pixels in 0..1. Vectors without images or `image_shape` are no pictures: the
        tab shows them as a chart.
      encoder: the `tb_plugin.encoder.Encoder` at this step, so that the tab finds the code of what you draw there. It
        takes the pixels of an image in 0..1 and returns a code [D]. Give images or `image_shape`.
      float16: stores the codes and the decoder's weights in half of the bytes, with three significant digits, and the
        encoder's in as many, with four to five.
      reconstructions: pictures of the codes with the images' shape, or vectors [N, n] if images are given. They are
        not needed if there is a decoder.
      errors: a number for each point, [N]. By default the mean squared errors, if images and reconstructions are given.
      projections: places of the points that another method found at this step, a dict of names to [N, 2]:
        {"umap": places}. The tab offers each as a plane, and decodes between its points.
      walk: the circle that the tab starts with: {"center": [D], "radius": number}, and optionally "frames", "u" [D]
        and "v" [D].
      chart: the axes of that chart, logged once per run: {"at": names or numbers [n] of the outputs, "x": title, "y":
        title, "range": (lowest, highest)}, each of which may be left out. Names are bars, numbers a line. The range is
        that of the outputs until now if it is left out.
      image_order: "HWC" or "CHW", the order of the axes of images and reconstructions.
      image_shape: (height, width) or (height, width, channels) of images and reconstructions that are vectors.
      value_range: (value of black, value of white) of images and reconstructions, for instance (-1, 1). Bytes
        are in 0..255, unless it is (0, 1).
      display_name: shown in the tab in place of the name.
      description: Markdown.

    Raises:
      ValueError: an argument is invalid; the message says which one and why.
    """
    codes = validation.codes(codes)
    said = layout(image_order, image_shape, value_range)
    once = once_of(len(codes), labels, images, class_names, metadata, chart, said)
    return summary_of(
        Step(
            name=name,
            codes=codes,
            index=index,
            generation=0,
            once=once,
            store_once=index == 0 or any(given is not None for given in once),
            decoder=decoder,
            encoder=encoder,
            float16=float16,
            reconstructions=reconstructions,
            errors=errors,
            projections=projections,
            walk=walk,
            layout=said,
            limits=Limits(),
            display_name=display_name,
            description=description,
        )
    )
