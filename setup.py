import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
version = re.search(r'__version__ = "(.+)"', (HERE / "legacy_ports/__init__.py").read_text())

setup(
    name="legacy-ports",
    version=version.group(1),
    description="TensorFlow 1 autoencoder posts that no longer run, run again and held against recordings "
                "of the posts' own TensorFlow",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license_expression="MIT",
    license_files=["LICENSE"],
    keywords="tensorflow tensorflow1 autoencoder mnist reproducibility tensorboard",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    python_requires=">=3.11",
    packages=find_packages(include=["legacy_ports*", "tb_plugin*"]),
    package_data={"legacy_ports": ["reference/*", "report.html"], "tb_plugin": ["static/*", "http_api.md"]},
    install_requires=[
        "tensorflow>=2.15,<2.22",
        "tf-keras>=2.15,<2.22",  # each release names the one TensorFlow that it matches
        "tensorboard>=2.15,<2.22",  # TensorFlow 2.21 no longer brings it along
        "scipy>=1.11",
        "setuptools<82",  # TensorBoard before 2.21 imports pkg_resources, which 82 removed
        "numpy>=1.26",
        "scikit-learn>=1.5",
        "jinja2>=3.1",
        "matplotlib>=3.10",  # the colours of petroff10
        "mlxtend>=0.23",
        "pillow>=10",
        "platformdirs>=4",
        "requests>=2.31",
        "tqdm>=4.66",
    ],
    extras_require={
        "test": ["colorspacious", "hypothesis", "playwright>=1.49,<2", "pytest", "pytest-timeout", "pytest-xdist"],
        "bench": ["pytest", "pytest-benchmark"],
        "torch": ["torch>=2"],  # for the test of decoders made of PyTorch's layers; the plugin does not import it
    },
    entry_points={
        "console_scripts": ["legacy-ports = legacy_ports.cli:main"],
        "tensorboard_plugins": ["latent = tb_plugin.loader:LatentLoader"],
    },
)
