/* The costly layers of the end-to-end network, one frame and channel after another.
 *
 * Pooling keeps one of 16 outputs of the local convolution, so its gradient and everything behind
 * it touch 64 places per channel; a tensor library would carry all 1024 along. Built at run time by
 * end_to_end_net.py, which has the same layers in torch.
 */
#include <math.h>
#include <string.h>

enum { N = 1024, C = 128, K = 128, W = 64, POOL = 16, P = N / POOL, TILE = 64, LANES = 8 };
enum { FRONT = (W - 1) / 2, LEFT = (K - 1) / 2, SUMS = TILE / LANES };

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* y[t] = bias + sum over taps of kernel[tap] * x[t + tap], for one tile */
static inline void filter_tile(const float *x, const float *kernel, int taps, float bias, float *y) {
    lanes sum[SUMS];
#pragma GCC unroll 8
    for (int i = 0; i < SUMS; i++) sum[i] = (lanes){0} + bias;
    for (int tap = 0; tap < taps; tap++)
#pragma GCC unroll 8
        for (int i = 0; i < SUMS; i++) sum[i] += kernel[tap] * *(const lanes *)(x + tap + LANES * i);
#pragma GCC unroll 8
    for (int i = 0; i < SUMS; i++) *(lanes *)(y + LANES * i) = sum[i];
}

/* frames (B, N), w (C, W), bias (C), k (C, K) -> x (B, C, N): the first layer;
 * value, place and kept (B, C, P): largest output of each pool, where it is, x there */
void front(int batch, const float *frames, const float *w, const float *bias, const float *k,
           float *x, float *value, int *place, float *kept) {
    float in[N + W], a[N + K], y[TILE];
    for (int b = 0; b < batch; b++) {
        memset(in, 0, sizeof in);
        memcpy(in + FRONT, frames + (long)b * N, sizeof(float) * N);
        for (int c = 0; c < C; c++) {
            long row = (long)b * C + c;
            float *filtered = x + row * N;
            memset(a, 0, sizeof a);
            for (int start = 0; start < N; start += TILE)
                filter_tile(in + start, w + c * W, W, bias[c], filtered + start);
            for (int n = 0; n < N; n++) a[LEFT + n] = fabsf(filtered[n]);
            for (int start = 0; start < N; start += TILE) {
                filter_tile(a + start, k + c * K, K, 0.0f, y);
                for (int best = 0, pool = 0; pool < TILE / POOL; pool++) {
                    best = pool * POOL;
                    for (int t = best + 1; t < (pool + 1) * POOL; t++)
                        if (y[t] > y[best]) best = t;
                    long at = row * P + start / POOL + pool;
                    value[at] = y[best];
                    place[at] = start + best;
                    kept[at] = filtered[start + best];
                }
            }
        }
    }
}

/* adds to dw (C, W), dbias (C) and dk (C, K) */
void front_back(int batch, const float *frames, const float *k, const float *x, const int *place,
                const float *dvalue, const float *dkept, float *dw, float *dbias, float *dk) {
    float in[N + W], a[N + K], d[N + K], dx[N];
    for (int b = 0; b < batch; b++) {
        memset(in, 0, sizeof in);
        memcpy(in + FRONT, frames + (long)b * N, sizeof(float) * N);
        for (int c = 0; c < C; c++) {
            long row = (long)b * C + c;
            const float *filtered = x + row * N;
            memset(a, 0, sizeof a);
            memset(d, 0, sizeof d);
            for (int n = 0; n < N; n++) a[LEFT + n] = fabsf(filtered[n]);
            for (int p = 0; p < P; p++) {
                float g = dvalue[row * P + p];
                int at = place[row * P + p];
                for (int tap = 0; tap < K; tap++) {
                    d[at + tap] += g * k[c * K + tap];
                    dk[c * K + tap] += g * a[at + tap];
                }
            }
            for (int n = 0; n < N; n++) dx[n] = filtered[n] < 0.0f ? -d[LEFT + n] : d[LEFT + n];
            for (int p = 0; p < P; p++) dx[place[row * P + p]] += dkept[row * P + p];
            lanes sum[SUMS];
            float total = 0.0f;
            for (int i = 0; i < SUMS; i++) sum[i] = *(lanes *)(dw + c * W + LANES * i);
            for (int n = 0; n < N; n++) {
                total += dx[n];
#pragma GCC unroll 8
                for (int i = 0; i < SUMS; i++) sum[i] += dx[n] * *(lanes *)(in + n + LANES * i);
            }
            for (int i = 0; i < SUMS; i++) *(lanes *)(dw + c * W + LANES * i) = sum[i];
            dbias[c] += total;
        }
    }
}

/* v (B, C, P) at `place`, through the transposed first layer w (C, W) -> y (B, N) */
void back(int batch, const float *w, const int *place, const float *v, float *y) {
    float sum[N + W];
    for (int b = 0; b < batch; b++) {
        memset(sum, 0, sizeof sum);
        for (int c = 0; c < C; c++)
            for (int p = 0; p < P; p++) {
                long at = ((long)b * C + c) * P + p;
                for (int tap = 0; tap < W; tap++) sum[place[at] + tap] += v[at] * w[c * W + tap];
            }
        memcpy(y + (long)b * N, sum + FRONT, sizeof(float) * N);
    }
}

/* sets dv (B, C, P), adds to dw (C, W) */
void back_back(int batch, const float *w, const int *place, const float *v, const float *dy,
               float *dv, float *dw) {
    float d[N + W];
    for (int b = 0; b < batch; b++) {
        memset(d, 0, sizeof d);
        memcpy(d + FRONT, dy + (long)b * N, sizeof(float) * N);
        for (int c = 0; c < C; c++)
            for (int p = 0; p < P; p++) {
                long at = ((long)b * C + c) * P + p;
                float g = 0.0f;
                for (int tap = 0; tap < W; tap++) {
                    g += w[c * W + tap] * d[place[at] + tap];
                    dw[c * W + tap] += v[at] * d[place[at] + tap];
                }
                dv[at] = g;
            }
    }
}
