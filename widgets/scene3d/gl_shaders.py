"""What the graphics card runs, in GLSL 1.20: OpenGL 2.1 and all that came after it."""

from __future__ import annotations

from widgets.scene3d import shading

_LIFTED = """
uniform vec4 eye;  // a place, or with w = 0 the way to a viewer far away
vec3 lifted(vec3 point, float by) {
    return point + by * (eye.w > 0.5 ? eye.xyz - point : eye.xyz);
}
"""

FACE_VERTEX = f"""#version 120
attribute vec3 position;
attribute vec3 normal;
attribute vec3 side;  // 0 on a polygon's edge, 1 away from it; interpolated, its change a pixel gives the distance
attribute vec4 color;
uniform mat4 matrix;
uniform vec3 offset;
uniform vec3 light;
varying vec4 fill;
varying vec3 ink;
varying vec3 aside;
void main() {{
    gl_Position = matrix * vec4(position + offset, 1.0);
    float bright = min({shading.AMBIENT:.4f} + {shading.DIFFUSE:.4f} * abs(dot(normal, light)), 1.0);
    fill = vec4(color.rgb * (dot(normal, normal) > 0.25 ? bright : 1.0), color.a);
    float luminance = dot(color.rgb, vec3({", ".join(f"{share:.4f}" for share in shading.LUMINANCE)}));
    ink = luminance < {shading.EDGE_TURN:.4f}
        ? mix(color.rgb, vec3(1.0), {shading.EDGE_LIGHTER:.4f})
        : color.rgb * {shading.EDGE_DARKER:.4f};
    aside = side;
}}
"""

FACE_FRAGMENT = """#version 120
varying vec4 fill;
varying vec3 ink;
varying vec3 aside;
uniform float half_width;  // of an edge, in pixels
uniform float opacity;
uniform vec4 wire;  // the colour of all edges where its opacity is above 0
void main() {
    vec3 pixels = aside / max(fwidth(aside), vec3(0.000001));
    float edge = clamp(half_width + 0.5 - min(pixels.x, min(pixels.y, pixels.z)), 0.0, 1.0);
    vec3 line = wire.a > 0.0 ? wire.rgb : ink;
    float alpha = mix(fill.a * opacity, wire.a > 0.0 ? wire.a : 1.0, edge);
    if (alpha < 0.004) discard;
    gl_FragColor = vec4(mix(fill.rgb, line, opacity > 0.0 ? edge : 1.0), alpha);
}
"""

LINE_VERTEX = (
    """#version 120
attribute vec3 start;
attribute vec3 end;
attribute vec2 corner;  // which end (0, 1), which border (-1, 1)
attribute vec2 look;  // width in points, share of the opacity behind faces
attribute vec4 color;
uniform mat4 matrix;
uniform vec2 screen;  // pixels
uniform float ratio;  // pixels a point
uniform float lift;
uniform float is_behind;
uniform vec3 offset;
uniform vec4 wire;  // the colour of all lines where its opacity is above 0
varying vec4 paint;
varying float across;
varying float half_width;
"""
    + _LIFTED
    + """
void main() {
    vec4 a = matrix * vec4(lifted(start + offset, lift), 1.0);
    vec4 b = matrix * vec4(lifted(end + offset, lift), 1.0);
    float near_a = a.z + a.w, near_b = b.z + b.w;
    if (near_a < 0.0 && near_b > 0.0) a = mix(a, b, near_a / (near_a - near_b));
    if (near_b < 0.0 && near_a > 0.0) b = mix(b, a, near_b / (near_b - near_a));
    vec2 way = (b.xy / b.w - a.xy / a.w) * screen;
    way = length(way) > 0.0001 ? normalize(way) : vec2(1.0, 0.0);
    half_width = 0.5 * look.x * ratio;
    across = corner.y * (half_width + 0.5);
    vec4 at = corner.x < 0.5 ? a : b;
    at.xy += vec2(-way.y, way.x) * across * 2.0 / screen * at.w;
    gl_Position = at;
    vec4 own = wire.a > 0.0 ? wire : color;
    paint = vec4(own.rgb, own.a * (is_behind > 0.5 ? look.y : 1.0));
}
"""
)

LINE_FRAGMENT = """#version 120
varying vec4 paint;
varying float across;
varying float half_width;
void main() {
    float alpha = paint.a * clamp(half_width + 0.5 - abs(across), 0.0, 1.0);
    if (alpha < 0.004) discard;
    gl_FragColor = vec4(paint.rgb, alpha);
}
"""

POINT_VERTEX = (
    """#version 120
attribute vec3 position;
attribute vec2 look;  // diameter in points, share of the opacity behind faces
attribute vec4 color;
uniform mat4 matrix;
uniform vec3 offset;
uniform float ratio;
uniform float lift;
uniform float is_behind;
varying vec4 paint;
varying float diameter;
"""
    + _LIFTED
    + """
void main() {
    gl_Position = matrix * vec4(lifted(position + offset, lift), 1.0);
    diameter = look.x * ratio;
    gl_PointSize = diameter + 1.0;
    paint = vec4(color.rgb, look.x > 0.0 ? color.a * (is_behind > 0.5 ? look.y : 1.0) : 0.0);
}
"""
)

POINT_FRAGMENT = """#version 120
varying vec4 paint;
varying float diameter;
void main() {
    float away = length(gl_PointCoord - vec2(0.5)) * (diameter + 1.0);
    float alpha = paint.a * clamp(0.5 * diameter + 0.5 - away, 0.0, 1.0);
    if (alpha < 0.004) discard;
    gl_FragColor = vec4(paint.rgb, alpha);
}
"""
