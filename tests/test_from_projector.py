"""Logs of the Projector, made by PyTorch and by hand as TensorBoard's documentation says, as latent spaces."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import tb_plugin
from tb_plugin import from_projector

random = np.random.default_rng(0)
CODES = random.normal(size=(5, 3)).astype(np.float32)


def by_hand(folder, config, metadata="a\nb\na\nc\n\n", tensor="tensors.tsv"):
    """Writes the Projector's files for CODES with images of 4 x 3 pixels. Returns the images."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savetxt(folder / "tensors.tsv", CODES, "%.9g", "\t")
    CODES.astype("<f4").tofile(folder / "tensors.bytes")
    (folder / "metadata.tsv").write_text(metadata)
    images = random.integers(0, 256, (5, 3, 4, 3), np.uint8)
    grid = np.zeros((6, 12, 3), np.uint8)
    for i, image in enumerate(images):
        grid[i // 3 * 3 :, i % 3 * 4 :][:3, :4] = image
    Image.fromarray(grid).save(folder / "sprite.png")
    (folder / from_projector.CONFIG).write_text(config)
    return images


CONFIG = """
embeddings {
  tensor_name: "words"
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
  sprite { image_path: "sprite.png" single_image_dim: 4 single_image_dim: 3 }
}
embeddings { tensor_name: "raw" tensor_path: "tensors.bytes" tensor_shape: 5 tensor_shape: 3 }
"""


def test_files_by_hand(tmp_path, capsys):
    images = by_hand(tmp_path / "run", CONFIG)
    assert from_projector.main([str(tmp_path)]) == 0
    assert "run, words: 1 step\nrun, raw: 1 step\ntensorboard --logdir " in capsys.readouterr().out
    run = tb_plugin.read(tmp_path / "latent")["run"]
    words = run["words"][0]
    np.testing.assert_array_equal(words.codes, CODES)
    np.testing.assert_array_equal(words.images, images)
    assert words.class_names == ["a", "b", "c"]
    assert words.labels.tolist() == [0, 1, 0, 2, -1]
    np.testing.assert_array_equal(run["raw"][0].codes, CODES)
    assert run["raw"][0].labels is None


def test_several_columns_have_a_header(tmp_path, capsys):
    by_hand(tmp_path, CONFIG, "Word\tClass\tLength\n" + "".join(f"w{i}\t{i % 2}\t{i}.5\n" for i in range(5)))
    assert from_projector.main([str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    assert not capsys.readouterr().err
    step = tb_plugin.read(tmp_path / "out")["."]["words"][0]
    assert step.labels.tolist() == [0, 1, 0, 1, 0]
    assert step.metadata["Word"].tolist() == ["w0", "w1", "w2", "w3", "w4"]
    assert step.metadata["Length"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("tensors.tsv", "other.tsv"), "other.tsv"),
        (("metadata.tsv", "sprite.png"), "sprite.png: "),
        (("sprite.png", "metadata.tsv"), "metadata.tsv"),
        (("single_image_dim: 4", "single_image_dim: 9"), "sprite.png: it has 2 x 1 images of 9 x 3"),
        (("tensor_shape: 3", "tensor_shape: 4"), "tensors.bytes: cannot reshape"),
        (("tensor_shape: 5 tensor_shape: 3", ""), "tensors.bytes: tensor_shape is missing"),
        (('"tensors.tsv"', '"metadata.tsv"'), "metadata.tsv: could not convert"),
        (("embeddings {", "embedding {"), "projector_config.pbtxt: "),
        (('"words"', "'a\"b'"), "name: it is 'a\"b'"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, capsys, change, message):
    by_hand(tmp_path, CONFIG.replace(*change))
    assert from_projector.main([str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_metadata_of_other_points(tmp_path, capsys):
    by_hand(tmp_path, CONFIG, "a\nb\n")
    assert from_projector.main([str(tmp_path)]) == 2
    assert "metadata.tsv: metadata: there are 2 rows for 5 points" in capsys.readouterr().err


def test_where_to(tmp_path, capsys):
    assert from_projector.main([str(tmp_path / "nowhere")]) == 2
    assert from_projector.main([str(tmp_path)]) == 2
    by_hand(tmp_path, CONFIG)
    assert from_projector.main([str(tmp_path)]) == 0
    assert from_projector.main([str(tmp_path)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert ["no such directory" in errors[0], "there is no proj" in errors[1], "--out" in errors[2]] == [True] * 3


def test_a_checkpoint_takes_tensorflow(tmp_path, capsys, monkeypatch):
    by_hand(tmp_path, 'embeddings { tensor_name: "embedding:0" }')
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert from_projector.main([str(tmp_path)]) == 2
    assert "pip install tensorflow" in capsys.readouterr().err


def test_checkpoints_of_both_tensorflows(tmp_path, capsys):
    tf = pytest.importorskip("tensorflow")
    by_hand(tmp_path / "one", 'model_checkpoint_path: "model-7"\nembeddings { tensor_name: "embedding:0" }')
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.get_variable("embedding", initializer=CODES)
        session.run(variable.initializer)
        tf.compat.v1.train.Saver().save(session, str(tmp_path / "one/model"), 7)
        saver = tf.compat.v1.train.Saver({"embedding/.ATTRIBUTES/VARIABLE_VALUE": variable})
        saver.save(session, str(tmp_path / "two/embedding.ckpt-1"))  # with the name that TensorFlow 2 gives it
    by_hand(tmp_path / "two", 'embeddings { tensor_name: "embedding/.ATTRIBUTES/VARIABLE_VALUE" }')
    by_hand(tmp_path / "three", 'embeddings { tensor_name: "other" }')
    assert from_projector.main([str(tmp_path)]) == 2
    assert "three/projector_config.pbtxt: other cannot be read" in capsys.readouterr().err
    (tmp_path / "three" / from_projector.CONFIG).unlink()
    assert from_projector.main([str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    read = tb_plugin.read(tmp_path / "out")
    np.testing.assert_array_equal(read["one"]["embedding"][7].codes, CODES)
    np.testing.assert_array_equal(read["two"]["embedding"][1].codes, CODES)


def test_pytorchs_add_embedding(tmp_path):
    torch = pytest.importorskip("torch")
    from torch.utils.tensorboard import SummaryWriter

    codes, images = torch.tensor(CODES), torch.rand(5, 3, 8, 6)
    with SummaryWriter(str(tmp_path / "run")) as writer:
        for step in (0, 10):
            writer.add_embedding(codes + step, list("xyxyx"), images, step, "codes")
        writer.add_embedding(codes, [[i, "even"] for i in range(5)], None, 0, "other", ["number", "label"])
        writer.add_embedding(codes[:4], None, None, 1, "other")
    subprocess.run([sys.executable, "-m", "tb_plugin.from_projector", str(tmp_path)], check=True)
    run = tb_plugin.read(tmp_path / "latent")["run"]
    assert {name: space.steps for name, space in run.items()} == {
        "codes": [0, 10],
        "other:00000": [0],
        "other:00001": [1],
    }
    np.testing.assert_allclose(run["codes"][10].codes, CODES + 10, atol=1e-6)
    assert [run["codes"][10].class_names[label] for label in run["codes"][10].labels] == list("xyxyx")
    np.testing.assert_allclose(run["codes"][0].images, images.permute(0, 2, 3, 1).numpy() * 255, atol=1)
