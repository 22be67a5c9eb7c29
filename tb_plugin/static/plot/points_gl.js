/** Draws points by WebGL2, in one draw call. The GPU computes their way from step to step. */

const VERTEX = `
layout(location = 0) in vec2 start;
layout(location = 1) in vec2 end;
layout(location = 2) in float value;
layout(location = 3) in float mark;
uniform vec2 center;
uniform vec2 scale;
uniform float time;
uniform float size;
uniform float opacity;
uniform sampler2D colors;
out vec4 color;
flat out int shape;
flat out float pixels;
void main() {
  vec2 place = mix(start, end, time);
  gl_Position = vec4((place - center) * scale, 0.0, 1.0);
#ifdef SHAPED
  pixels = size * 1.35;
  shape = int(value) % 10;
#else
  pixels = size;
  shape = 0;
#endif
  gl_PointSize = mark < 0.5 ? 0.0 : pixels;
  color = vec4(texelFetch(colors, ivec2(int(value), 0), 0).rgb, mark < 1.5 ? 0.12 * opacity : opacity);
  if (mark < 0.5) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`;

// Each shape is a distance, below 0 inside. p runs from -1 to 1, y downwards.
const FRAGMENT = `
precision highp float;
in vec4 color;
flat in int shape;
flat in float pixels;
out vec4 fragment;
float box(vec2 p, float s) { return max(abs(p.x), abs(p.y)) - s; }
float triangle(vec2 p) { return max(p.y - 0.7, abs(p.x) * 0.9 - p.y * 0.45 - 0.45); }
float plus(vec2 p) { return max(min(abs(p.x), abs(p.y)) - 0.25, max(abs(p.x), abs(p.y)) - 0.9); }
float distanceTo(vec2 p) {
#ifdef SHAPED
  switch (shape) {
    case 0: return length(p) - 0.9;
    case 1: return box(p, 0.75);
    case 2: return triangle(p);
    case 3: return triangle(vec2(p.x, -p.y));
    case 4: return abs(p.x) + abs(p.y) - 0.95;
    case 5: return plus(p);
    case 6: return plus(vec2(p.x + p.y, p.x - p.y) * 0.7071);
    case 7: return abs(length(p) - 0.65) - 0.2;
    case 8: return abs(box(p, 0.6)) - 0.18;
    default: return abs(abs(p.x) + abs(p.y) - 0.72) - 0.2;
  }
#else
  return length(p) - 0.9;
#endif
}
void main() {
  float d = distanceTo(gl_PointCoord * 2.0 - 1.0) * pixels * 0.5;
  float alpha = color.a * clamp(0.5 - d, 0.0, 1.0);
  if (alpha <= 0.0) discard;
  fragment = vec4(color.rgb * alpha, alpha);
}`;

/**
 * A scene, for both renderers.
 * @typedef {object} Scene
 * @property {import("../lib/view.js").View} view
 * @property {import("../lib/view.js").Size} size
 * @property {number} time 0..1 on the way from the last step
 * @property {number} radius in CSS pixels
 * @property {number} opacity
 * @property {Uint8Array} colors [256, 4]
 * @property {boolean} shapes
 * @property {number} share of the points that are drawn, the first ones
 * @property {boolean} dragging whether the user moves the view
 */

/**
 * The points. `marks` are 0 hidden, 1 dimmed, 2 shown.
 * @typedef {{from: Float32Array, to: Float32Array, values: Uint8Array, marks: Uint8Array}} Points
 */

export class GLPoints {
  /** @type {boolean|undefined} */
  #software;

  /** Returns a renderer, or null without WebGL2. @param {HTMLCanvasElement} canvas @returns {GLPoints|null} */
  static create(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, depth: false });
    return gl && new GLPoints(gl, canvas);
  }

  /** @param {WebGL2RenderingContext} gl @param {HTMLCanvasElement} canvas */
  constructor(gl, canvas) {
    this.gl = gl;
    this.canvas = canvas;
    // Two programs, because without a GPU every pixel computes all of the shapes.
    this.plain = new Program(gl, "");
    /** @type {Program|undefined} made when shapes are turned on */
    this.shaped = undefined;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    /** @param {number} place @param {number} numbers @param {number} kind */
    const attribute = (place, numbers, kind) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, numbers, kind, false, 0, 0);
      return buffer;
    };
    this.buffers = {
      from: attribute(0, 2, gl.FLOAT),
      to: attribute(1, 2, gl.FLOAT),
      values: attribute(2, 1, gl.UNSIGNED_BYTE),
      marks: attribute(3, 1, gl.UNSIGNED_BYTE),
    };
    this.count = 0;
    /** @type {Points[keyof Points]|undefined} in the buffer */
    this.values = undefined;
    /** @type {Uint8Array|undefined} in the texture */
    this.colors = undefined;
  }

  /** Draws a point that nobody sees, so that the driver prepares its first draw call early. */
  warmUp() {
    const [gl, none] = [this.gl, new Float32Array(2)];
    this.set({ from: none, to: none, values: new Uint8Array(1), marks: new Uint8Array([2]) });
    this.#color(new Uint8Array(1024));
    gl.useProgram(this.plain.program);
    gl.drawArrays(gl.POINTS, 0, 1);
    gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0); // else a driver may wait for more work
    gl.flush();
    this.count = 0;
  }

  /** @param {import("../lib/view.js").Size} size of the plot; a new one clears the picture */
  resize(size) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.max(1, Math.round(size.width * ratio)), Math.max(1, Math.round(size.height * ratio))];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  /** @param {Uint8Array} colors [256, 4] */
  #color(colors) {
    const gl = this.gl;
    if (colors === this.colors) return;
    this.colors = colors;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colors);
  }

  /** Takes new data. @param {Partial<Points>} points the parts that changed */
  set(points) {
    const gl = this.gl;
    for (const [name, data] of Object.entries(points)) {
      if (name === "from" && data === points.to) continue; // not on their way: sent once
      if (name === "values" && data === this.values) continue;
      if (name === "values") this.values = data;
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[/** @type {keyof Points} */ (name)]);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    }
    if (!points.to) return;
    this.count = points.to.length / 2;
    gl.bindBuffer(gl.ARRAY_BUFFER, points.from === points.to ? this.buffers.to : this.buffers.from);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  }

  /** @param {Scene} scene */
  draw({ view, size, time, radius, opacity, colors, shapes, share }) {
    const [gl, ratio] = [this.gl, window.devicePixelRatio || 1];
    const used = shapes ? (this.shaped ??= new Program(gl, "#define SHAPED")) : this.plain;
    this.resize(size);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.count) return;
    gl.useProgram(used.program);
    const u = used.uniforms;
    this.#color(colors);
    const k = Math.min(size.width, size.height) / view.span;
    gl.uniform2f(u.center, view.x, view.y);
    gl.uniform2f(u.scale, (2 * k) / size.width, (2 * k) / size.height);
    gl.uniform1f(u.time, time);
    gl.uniform1f(u.size, 2 * radius * ratio);
    gl.uniform1f(u.opacity, opacity);
    gl.drawArrays(gl.POINTS, 0, Math.ceil(this.count * share));
  }

  /** Whether there is no GPU, by the names of the software drivers. Firefox does not mask them. */
  get software() {
    return (this.#software ??= /SwiftShader|llvmpipe|softpipe|Basic Render/i.test(this.#driver()));
  }

  /** Returns the driver's name. @returns {string} */
  #driver() {
    const { gl } = this;
    const name = gl.getParameter(gl.RENDERER);
    const info = name === "WebKit WebGL" && gl.getExtension("WEBGL_debug_renderer_info");
    return String(info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : name);
  }

  /** Frees the context: a page has about sixteen. */
  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** The shaders. No question to the driver before the first draw call, so that it compiles in the background. */
class Program {
  /** @param {WebGL2RenderingContext} gl @param {string} define a line of both shaders */
  constructor(gl, define) {
    this.gl = gl;
    this.program = /** @type {WebGLProgram} */ (gl.createProgram());
    for (const [kind, source] of /** @type {[number, string][]} */ ([
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
      gl.shaderSource(shader, `#version 300 es\n${define}${source}`);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
    }
    gl.linkProgram(this.program);
    /** @type {ReturnType<Program["find"]>|undefined} */
    this.places = undefined;
  }

  get uniforms() {
    return (this.places ??= this.find());
  }

  find() {
    const { gl, program } = this;
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`The points' shaders do not link: ${gl.getProgramInfoLog(program)}`);
    }
    const place = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
    return {
      center: place("center"),
      scale: place("scale"),
      time: place("time"),
      size: place("size"),
      opacity: place("opacity"),
    };
  }
}
