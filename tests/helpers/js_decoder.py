"""The tab's decoder, evaluated in Node or in a browser."""

import base64

import numpy as np

DECODE = """async ([blob, codes, n]) => {
  const { Decoder } = await import("./decode/decoder.js");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const made = [];
  for (const plain of [false, true]) {  // with WebAssembly and without
    const decoder = Decoder.parse(bytes(blob), plain);
    const pictures = decoder.decode(new Float32Array(bytes(codes)), n);
    const again = decoder.decode(new Float32Array(bytes(codes)), n);  // its buffers keep nothing
    if (pictures.some((value, i) => !Object.is(value, again[i]))) throw new Error("the second result differs");
    const letters = Array.from(new Uint8Array(pictures.buffer), (byte) => String.fromCharCode(byte));
    made.push({ dims: decoder.dims, shape: decoder.outputShape, pictures: btoa(letters.join("")) });
  }
  return made;
}"""


def assert_same(modules, decoder, codes, tolerance=1e-5):
    """Checks that the tab's decoder has the same sizes and pictures as the one in NumPy."""
    codes = np.asarray(codes, np.float32)
    blob, text = (base64.b64encode(data).decode() for data in (decoder.to_blob(), codes.tobytes()))
    expected = decoder(codes)
    for there in modules.evaluate(DECODE, [blob, text, len(codes)]):
        assert (there["dims"], there["shape"]) == (decoder.dims, list(decoder.output_shape))
        pictures = np.frombuffer(base64.b64decode(there["pictures"]), np.float32).reshape(expected.shape)
        np.testing.assert_allclose(pictures, expected, rtol=max(1e-5, tolerance), atol=tolerance)
