// Activations and their gradients for one type of numbers in memory: included once for each.
//
// The includer defines KERNEL_NAME(name), which gives each function a name of its own, NUMBER, the type in
// memory, and READ and WRITE, which take it to single precision and back.

KERNEL void KERNEL_NAME(gelu)(NUMBER *y, const NUMBER *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    float density;
    y[i] = WRITE(u * normalDistribution(u, &density));
  }
}

KERNEL void KERNEL_NAME(geluGradient)(NUMBER *dx, const NUMBER *dy, const NUMBER *x,
                                      int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    float density;
    const float distribution = normalDistribution(u, &density);
    dx[i] = WRITE(READ(dy[i]) * (distribution + u * density));
  }
}

KERNEL void KERNEL_NAME(geluTanh)(NUMBER *y, const NUMBER *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    float slope;
    y[i] = WRITE(u * tanhDistribution(u, &slope));
  }
}

KERNEL void KERNEL_NAME(geluTanhGradient)(NUMBER *dx, const NUMBER *dy, const NUMBER *x,
                                          int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    float slope;
    const float distribution = tanhDistribution(u, &slope);
    dx[i] = WRITE(READ(dy[i]) * (distribution + u * slope));
  }
}

KERNEL void KERNEL_NAME(tanh)(NUMBER *y, const NUMBER *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = WRITE(hyperbolicTangent(READ(x[i])));
}

KERNEL void KERNEL_NAME(tanhGradient)(NUMBER *dx, const NUMBER *dy, const NUMBER *y,
                                      int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float t = READ(y[i]);
    dx[i] = WRITE(READ(dy[i]) * ((1.0f - t) * (1.0f + t)));
  }
}

KERNEL void KERNEL_NAME(relu)(NUMBER *y, const NUMBER *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    y[i] = WRITE(u < 0.0f ? 0.0f : u);
  }
}

KERNEL void KERNEL_NAME(leakyReLU)(NUMBER *y, const NUMBER *x, float slope, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    y[i] = WRITE(u < 0.0f ? slope * u : u);
  }
}

KERNEL void KERNEL_NAME(leakyReLUGradient)(NUMBER *dx, const NUMBER *dy, const NUMBER *y,
                                           float slope, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float d = READ(dy[i]);
    dx[i] = WRITE(READ(y[i]) > 0.0f ? d : slope * d);
  }
}

KERNEL void KERNEL_NAME(silu)(NUMBER *y, const NUMBER *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    y[i] = WRITE(u * sigmoid(u));
  }
}

KERNEL void KERNEL_NAME(siluGradient)(NUMBER *dx, const NUMBER *dy, const NUMBER *x,
                                      int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(x[i]);
    const float s = sigmoid(u);
    dx[i] = WRITE(READ(dy[i]) * (s + u * s * (1.0f - s)));
  }
}

KERNEL void KERNEL_NAME(siluProduct)(NUMBER *y, const NUMBER *gate, const NUMBER *value,
                                     int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(gate[i]);
    y[i] = WRITE(u * sigmoid(u) * READ(value[i]));
  }
}

KERNEL void KERNEL_NAME(siluProductGradient)(NUMBER *dgate, NUMBER *dvalue, const NUMBER *dy,
                                             const NUMBER *gate, const NUMBER *value,
                                             int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float u = READ(gate[i]);
    const float s = sigmoid(u);
    const float silu = u * s;
    const float dsilu = s + silu * (1.0f - s);
    const float d = READ(dy[i]);
    dgate[i] = WRITE(d * READ(value[i]) * dsilu);
    dvalue[i] = WRITE(d * silu);
  }
}

#undef KERNEL_NAME
#undef NUMBER
#undef READ
#undef WRITE
