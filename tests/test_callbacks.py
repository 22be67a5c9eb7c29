"""The callbacks in real training: Keras 3, tf_keras, both names of Lightning, Hugging Face's Trainer.

Each runs in a process of its own, because one process takes one of the Keras, and TensorFlow in one way.
"""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import tb_plugin
from tb_plugin.callbacks.keras import LatentCallback

KERAS = """
import sys
import numpy as np
import KERAS as keras
from tb_plugin.callbacks.keras import LatentCallback

x = np.random.default_rng(0).random((60, 8), np.float32)
encoder = keras.Sequential([keras.layers.InputLayer((8,)), keras.layers.Dense(2)])
decoder = keras.Sequential([keras.layers.InputLayer((2,)), keras.layers.Dense(8, activation="sigmoid")])
model = keras.Sequential([encoder, decoder])
model.compile("adam", "mse")
callback = LatentCallback("run", encoder, x[:9], decoder=decoder, labels=np.arange(9), every=2)
more = {"verbose": 0, "validation_data": (x, x)}
model.fit(x, x, epochs=5, callbacks=[callback, keras.callbacks.TensorBoard("run")], **more)
model.fit(x, x, epochs=2, callbacks=[callback], **more)
model.predict(x, callbacks=[callback], verbose=0)
np.save("decoded.npy", decoder(encoder(x[:9])))
try:
    model.fit(x, x, callbacks=[LatentCallback("bad", lambda x: [x, x], x)], **more)
except ValueError as error:
    assert "encoder: it returns 2 values" in str(error), error
else:
    raise AssertionError
model.fit(x, x, initial_epoch=3, epochs=4, callbacks=[LatentCallback("late", encoder, x)], **more)
drawn = LatentCallback("drawn", encoder, x[:9], decoder=decoder, draw=True, images=x[:9], image_shape=(2, 4))
model.fit(x, x, callbacks=[drawn], **more)
"""

LIGHTNING = """
import torch
import LIGHTNING as L
from LOGGERS import TensorBoardLogger
from tb_plugin.callbacks.lightning import LatentCallback
from tb_plugin.from_torch import encoder_from_torch, from_torch

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Linear(8, 2)
        self.decoder = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Dropout(), torch.nn.Sigmoid())

    def training_step(self, x, i):
        assert self.training and torch.is_grad_enabled()
        loss = ((self.decoder(self.encoder(x)) - x) ** 2).mean()
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())

x = torch.rand(64, 8)
quiet = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1}
callback = LatentCallback(
    lambda m: m.encoder(x[:9]), decoder=lambda m: from_torch(m.decoder, 2), every=2, labels=range(9),
    encoder=lambda m: encoder_from_torch(m.encoder, (8,)), images=x[:9], image_shape=(2, 4),
)
model, data = Model(), torch.utils.data.DataLoader(x, 16)
L.Trainer(max_epochs=5, logger=TensorBoardLogger("."), callbacks=[callback], **quiet).fit(model, data)
own = LatentCallback(lambda m: m.encoder(x), logdir="own")
L.Trainer(max_epochs=1, logger=False, callbacks=[own], **quiet).fit(model, data)
try:
    none = LatentCallback(lambda m: m.encoder(x))
    L.Trainer(max_epochs=1, logger=False, callbacks=[none], **quiet).fit(model, data)
except ValueError as error:
    assert "no TensorBoardLogger; give logdir=" in str(error)
else:
    raise AssertionError
"""

HUGGING_FACE = """
import torch
from transformers import Trainer, TrainingArguments
from tb_plugin.callbacks.huggingface import LatentCallback
from tb_plugin.from_torch import encoder_from_torch

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = torch.nn.Linear(8, 2), torch.nn.Linear(2, 8)

    def forward(self, x):
        return {"loss": ((self.decoder(self.encoder(x)) - x) ** 2).mean()}

x = torch.rand(64, 8)
arguments = TrainingArguments("out", max_steps=25, per_device_train_batch_size=8, report_to=[], use_cpu=True)
more = {"encoder": lambda m: encoder_from_torch(m.encoder, (8,)), "images": x, "image_shape": (2, 4)}
callback = LatentCallback("run", lambda m: m.encoder(x), every=10, labels=range(64), **more)
Trainer(Model(), arguments, train_dataset=[{"x": one} for one in x], callbacks=[callback]).train()
"""


def run(folder, script, package):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    ran = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return tb_plugin.read(folder)


@pytest.mark.slow
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_keras(tmp_path, package):
    read = run(tmp_path, KERAS.replace("KERAS", package), package)
    space = read["run"]["codes"]
    assert space.steps == [0, 2, 4, 5, 6, 7]
    assert space[7].labels.tolist() == list(range(9))
    np.testing.assert_allclose(space[7].decoder(space[7].codes), np.load(tmp_path / "decoded.npy"), atol=1e-5)
    assert read["late"]["codes"].steps == [3, 4]
    for step in read["drawn"]["codes"].values():
        np.testing.assert_allclose(step.encoder(step.images), step.codes, atol=0.02)
    assert space[7].encoder is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "loggers"),
    [("lightning", "lightning.pytorch.loggers"), ("pytorch_lightning", "pytorch_lightning.loggers")],
)
def test_lightning(tmp_path, package, loggers):
    read = run(tmp_path, LIGHTNING.replace("LIGHTNING", package).replace("LOGGERS", loggers), package)
    space = read["lightning_logs/version_0"]["codes"]
    assert space.steps == [0, 8, 16, 20]
    assert not np.array_equal(space[0].codes, space[20].codes)
    assert space[20].decoder.dims == 2
    np.testing.assert_allclose(space[20].encoder(space[0].images), space[20].codes, atol=0.02)
    assert read["own"]["codes"].steps == [0, 4]
    assert len(list((tmp_path / "lightning_logs/version_0").glob("*tfevents*"))) == 1


@pytest.mark.slow
def test_hugging_face(tmp_path):
    space = run(tmp_path, HUGGING_FACE, "transformers")["run"]["codes"]
    assert space.steps == [0, 10, 20, 25]
    np.testing.assert_allclose(space[25].encoder(space[0].images), space[25].codes, atol=0.02)


@pytest.mark.parametrize("every", [0, -1, 1.5, True, "2"])
def test_every_must_be_an_integer_from_1(tmp_path, every):
    with pytest.raises(ValueError, match="every: it is .*, it must be an integer from 1"):
        LatentCallback(tmp_path, None, None, every=every)


def test_importing_a_callback_imports_no_framework():
    script = (
        "import sys; import tb_plugin.callbacks.keras, tb_plugin.callbacks.lightning, tb_plugin.callbacks.huggingface;"
        "assert not {'tensorflow', 'keras', 'tf_keras', 'torch', 'lightning', 'transformers'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
