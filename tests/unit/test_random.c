/* SPDX-License-Identifier: MIT
 *
 * Random numbers and labelled vectors: published values of SplitMix64, pinned bits of the
 * gaussian numbers (they must be these on every machine), the distributions against the C
 * library's erfc, and what draw.h promises about records: whole multiples of 10^-decimals, the
 * label within the noise of the model.
 */
#include "unit.h"

#include <lrhost/error.h>
#include <math.h>
#include <stdlib.h>

#include "plugins/common/draw.h"

#define MANY 400000

/* ---- numbers ---------------------------------------------------------------------------- */

/* As published for seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64"). */
static void test_splitmix(void)
{
    static const uint64_t published[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
    uint64_t state = 1234567;

    for (uint64_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(random_at(1234567, i), published[i]);
        CU_ASSERT_EQUAL(random_next(&state), published[i]);
    }
}

static void test_origins(void)
{
    CU_ASSERT_NOT_EQUAL(random_origin(1, 0), random_origin(1, 1));
    CU_ASSERT_NOT_EQUAL(random_origin(1, 0), random_origin(2, 0));
    CU_ASSERT_NOT_EQUAL(random_origin(0, 1), random_origin(1, 0));
}

static void test_units(void)
{
    CU_ASSERT_EQUAL(random_unit(0), 0.0);
    CU_ASSERT_EQUAL(random_unit(UINT64_MAX), 1.0 - 0x1p-53);
    CU_ASSERT_EQUAL(random_signed(0), 0x1p-52 - 1.0);
    CU_ASSERT_EQUAL(random_signed(UINT64_MAX), 1.0 - 0x1p-52);
    CU_ASSERT_EQUAL(random_signed(UINT64_C(1) << 63), 0x1p-52);
}

static void test_log_exp(void)
{
    double worst_log = 0.0, worst_exp = 0.0;

    for (int i = 1; i <= MANY; i++) {
        double x = ldexp(i, -(i % 80)), t = 700.0 * i / MANY;
        double l = fabs(random_log(x) - log(x)) / fmax(fabs(log(x)), 1e-300);
        double e = fabs(random_exp_minus(t) / exp(-t) - 1.0);

        worst_log = fmax(worst_log, log(x) == 0.0 ? fabs(random_log(x)) : l);
        worst_exp = fmax(worst_exp, e);
    }
    CU_ASSERT(worst_log < 1e-15);
    CU_ASSERT(worst_exp < 1e-15);
    CU_ASSERT_EQUAL(random_log(1.0), 0.0);
    CU_ASSERT_EQUAL(random_exp_minus(0.0), 1.0);
    CU_ASSERT(random_log(0x1p-53) < -36.7);
}

/* The last bit of a C library's functions differs between machines: none may be used. */
static void test_no_libm(void)
{
    const char *build = getenv("BUILD");
    char command[600], line[256];
    unsigned lines = 0;
    FILE *symbols;

    (void)snprintf(command, sizeof command,
                   "nm -u '%s/plugins/common/random.o' '%s/plugins/common/draw.o'",
                   build ? build : "build", build ? build : "build");
    symbols = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(symbols);
    while (fgets(line, sizeof line, symbols)) {
        static const char *const forbidden[] = {"log", "exp", "pow", "cos", "sin", "fma"};
        char name[200] = "";

        if (sscanf(line, " U %199s", name) != 1)
            continue;
        lines++;
        for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
            if (strncmp(name, forbidden[i], strlen(forbidden[i])) == 0)
                CU_FAIL("a function of the C library's mathematics is called");
    }
    CU_ASSERT_EQUAL(pclose(symbols), 0);
    CU_ASSERT(lines > 0); /* draw.o needs calloc at least: the listing was read */
}

/* ---- gaussian --------------------------------------------------------------------------- */

static void test_ziggurat_closes(void)
{
    struct ziggurat z;

    ziggurat_init(&z);
    for (int i = 1; i < ZIGGURAT_LAYERS - 1; i++) { /* equal areas */
        double area = z.x[i] * (z.f[i + 1] - z.f[i]);

        CU_ASSERT_DOUBLE_EQUAL(area, z.x[0] * z.f[1], 1e-15);
        CU_ASSERT(z.x[i] > z.x[i + 1]);
    }
    CU_ASSERT_DOUBLE_EQUAL(z.x[255] * (1.0 - z.f[255]), z.x[0] * z.f[1], 1e-13);
}

static void test_gaussian_pinned(void)
{
    static const struct {
        uint64_t counter;
        double value;
    } pinned[] = {{0, 0x1.58ecb89571c47p-1},    {1, -0x1.2111fcf6197bap+1},
                  {2, -0x1.a7f80343b1957p-1},   {3, -0x1.bf15f1579f386p-2},
                  {80, 0x1.449cebd2a7f0fp-5},     /* refused at first, in a wedge */
                  {171, 0x1.3321a13537064p+0},    /* the same */
                  {60090, 0x1.12160b209855ap+2}}; /* from the tail */
    struct ziggurat z;

    ziggurat_init(&z);
    for (size_t i = 0; i < sizeof pinned / sizeof pinned[0]; i++)
        CU_ASSERT_EQUAL(ziggurat_gaussian(&z, random_at(42, pinned[i].counter)), pinned[i].value);
}

/* Chi-square over 64 intervals of equal width from -4 to 4 and the two tails. */
static void test_gaussian_shape(void)
{
    unsigned count[66] = {0};
    double chi2 = 0.0, moments[5] = {0};
    struct ziggurat z;

    ziggurat_init(&z);
    for (uint64_t i = 0; i < MANY; i++) {
        double v = ziggurat_gaussian(&z, random_at(7, i)), power = 1.0;
        double place = floor((v + 4.0) * 8.0);

        count[place < 0 ? 64 : place > 63 ? 65 : (int)place]++;
        for (int m = 0; m < 5; m++, power *= v)
            moments[m] += power / MANY;
        CU_ASSERT(fabs(v) < 14.0);
    }
    for (int i = 0; i < 66; i++) {
        double low = i < 64 ? -4.0 + i / 8.0 : 4.0, p;

        p = 0.5 * erfc(low / sqrt(2.0)); /* the tails are alike */
        if (i < 64)
            p -= 0.5 * erfc((low + 0.125) / sqrt(2.0));
        chi2 += (count[i] - p * MANY) * (count[i] - p * MANY) / (p * MANY);
    }
    CU_ASSERT(chi2 < 65 + 4 * sqrt(2 * 65)); /* 65 degrees of freedom */
    CU_ASSERT(chi2 > 65 - 4 * sqrt(2 * 65));
    CU_ASSERT_DOUBLE_EQUAL(moments[1], 0.0, 4 * sqrt(1.0 / MANY));
    CU_ASSERT_DOUBLE_EQUAL(moments[2], 1.0, 4 * sqrt(2.0 / MANY));
    CU_ASSERT_DOUBLE_EQUAL(moments[3], 0.0, 4 * sqrt(15.0 / MANY));
    CU_ASSERT_DOUBLE_EQUAL(moments[4], 3.0, 4 * sqrt(96.0 / MANY));
}

/* ---- vectors ---------------------------------------------------------------------------- */

static struct lr_error err = LR_ERROR_INIT;

static struct draw_config plain(uint32_t features, int32_t distribution)
{
    return (struct draw_config){.features = features,
                                .decimals = 6,
                                .distribution = distribution,
                                .domain = DRAW_RECORDS,
                                .seed = 42,
                                .noise = 0.01};
}

static void test_draw_pinned(void)
{
    static const int64_t pinned[2][4] = {{5109889, 7520435, 1654481, 4762208},
                                         {24968, 6408491, 8133990, 4856423}};

    for (int d = 0; d < 2; d++) {
        struct draw_config config = plain(3, d);
        struct draw draw;
        int64_t units[3], label;

        CU_ASSERT_EQUAL_FATAL(draw_init(&draw, &config, &err), LR_OK);
        draw_units(&draw, UINT64_C(1000000000000), units, &label);
        for (int j = 0; j < 3; j++)
            CU_ASSERT_EQUAL(units[j], pinned[d][j]);
        CU_ASSERT_EQUAL(label, pinned[d][3]);
        draw_finish(&draw);
    }
}

static void test_draw_label(void)
{
    static const double weights[] = {0.5, -2.0, 3.25};
    double largest = 0.0;

    for (int d = 0; d < 4; d++) { /* distribution, with and without a model */
        struct draw_config config = plain(3, d & 1);
        struct draw draw;

        config.weights = d & 2 ? weights : NULL;
        config.bias = d & 2 ? -7.0 : 0.0;
        CU_ASSERT_EQUAL_FATAL(draw_init(&draw, &config, &err), LR_OK);
        for (uint64_t i = 0; i < 20000; i++) {
            int64_t units[3], label;
            double x[3], y, truth, off;
            char text[40];

            draw_units(&draw, i, units, &label);
            draw_vector(&draw, i, x, &y);
            for (int j = 0; j < 3; j++) { /* the doubles are what the text reads as */
                (void)snprintf(text, sizeof text, "%llde-6", (long long)units[j]);
                CU_ASSERT_EQUAL(x[j], strtod(text, NULL));
            }
            (void)snprintf(text, sizeof text, "%llde-6", (long long)label);
            CU_ASSERT_EQUAL(y, strtod(text, NULL));
            truth =
                d & 2 ? -7.0 + 0.5 * x[0] - 2.0 * x[1] + 3.25 * x[2] : (x[0] + x[1] + x[2]) / 3.0;
            off = fabs(y - truth);
            CU_ASSERT(off < 0.01 + 0.5e-6 + 1e-12);
            largest = fmax(largest, off);
        }
        draw_finish(&draw);
    }
    CU_ASSERT(largest > 0.0099);
}

static void test_draw_shape(void)
{
    for (int d = 0; d < 2; d++) {
        struct draw_config config = plain(5, d);
        double sum[5] = {0}, square[5] = {0}, x[5], y;
        struct draw draw;

        CU_ASSERT_EQUAL_FATAL(draw_init(&draw, &config, &err), LR_OK);
        for (uint64_t i = 0; i < MANY / 4; i++) {
            draw_vector(&draw, i, x, &y);
            for (int j = 0; j < 5; j++) {
                sum[j] += x[j] / (MANY / 4);
                square[j] += x[j] * x[j] / (MANY / 4);
                CU_ASSERT(d == DRAW_GAUSSIAN || (x[j] >= 0.0 && x[j] < 10.0));
            }
        }
        for (int j = 0; j < 5; j++) {
            double mean = d ? 2.5 * j : 5.0, sigma = d ? 0.5 + 0.375 * j : 10.0 / sqrt(12.0);

            CU_ASSERT_DOUBLE_EQUAL(sum[j], mean, 4 * sigma / sqrt(MANY / 4));
            CU_ASSERT_DOUBLE_EQUAL(sqrt(square[j] - sum[j] * sum[j]), sigma, 0.02 * sigma);
        }
        draw_finish(&draw);
    }
}

static void test_draw_sequences(void)
{
    struct draw_config config = plain(1, DRAW_UNIFORM);
    struct draw draws[4];
    int64_t units[4], label;

    for (int i = 0; i < 4; i++) {
        config.seed = i == 1 ? 43 : 42;
        config.domain = i == 2 ? DRAW_TRAINING : DRAW_RECORDS;
        CU_ASSERT_EQUAL_FATAL(draw_init(&draws[i], &config, &err), LR_OK);
    }
    for (uint64_t r = 0; r < 100; r++) {
        for (int i = 0; i < 4; i++)
            draw_units(&draws[i], r, &units[i], &label);
        CU_ASSERT_EQUAL(units[0], units[3]);
        CU_ASSERT_NOT_EQUAL(units[0], units[1]);
        CU_ASSERT_NOT_EQUAL(units[0], units[2]);
    }
    for (int i = 0; i < 4; i++)
        draw_finish(&draws[i]);
}

static void test_draw_refusals(void)
{
    static const double huge[] = {1e12}, endless[] = {INFINITY};
    struct draw_config config = plain(1, DRAW_UNIFORM);
    struct draw draw;

    config.weights = huge;
    CU_ASSERT_EQUAL(draw_init(&draw, &config, &err), LR_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "fewer decimals"));
    config.weights = endless;
    CU_ASSERT_EQUAL(draw_init(&draw, &config, &err), LR_ECONFIG);
    config.weights = NULL;
    config.noise = NAN;
    CU_ASSERT_EQUAL(draw_init(&draw, &config, &err), LR_ECONFIG);
    draw_finish(&draw); /* harmless */
}

static void test_weights(void)
{
    static const char *const good[] = {"1", "-2.5e-3", NULL}, *const bad[] = {"1", "2x", NULL};
    static const char *const endless[] = {"1", "1e999", NULL};
    double *weights = NULL;

    CU_ASSERT_EQUAL(draw_weights(NULL, 2, &weights, &err), LR_OK);
    CU_ASSERT_PTR_NULL(weights);
    CU_ASSERT_EQUAL_FATAL(draw_weights(good, 2, &weights, &err), LR_OK);
    CU_ASSERT(weights[0] == 1.0 && weights[1] == -0.0025);
    free(weights);
    CU_ASSERT_EQUAL(draw_weights(good, 3, &weights, &err), LR_ECONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "2 weights are given for 3 features; give one for each");
    CU_ASSERT_EQUAL(draw_weights(bad, 2, &weights, &err), LR_ECONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "weight 1, '2x', is not a finite decimal number");
    CU_ASSERT_EQUAL(draw_weights(endless, 2, &weights, &err), LR_ECONFIG);
}

int main(int argc, char **argv)
{
    CU_TestInfo numbers[] = {{"splitmix64", test_splitmix}, {"origins", test_origins},
                             {"units", test_units},         {"log and exp", test_log_exp},
                             {"no libm", test_no_libm},     CU_TEST_INFO_NULL};
    CU_TestInfo gaussian[] = {{"closes", test_ziggurat_closes},
                              {"pinned", test_gaussian_pinned},
                              {"shape", test_gaussian_shape},
                              CU_TEST_INFO_NULL};
    CU_TestInfo vectors[] = {{"pinned", test_draw_pinned},
                             {"label", test_draw_label},
                             {"shape", test_draw_shape},
                             {"sequences", test_draw_sequences},
                             {"refusals", test_draw_refusals},
                             {"weights", test_weights},
                             CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"numbers", NULL, NULL, NULL, NULL, numbers},
                             {"gaussian", NULL, NULL, NULL, NULL, gaussian},
                             {"vectors", NULL, NULL, NULL, NULL, vectors},
                             CU_SUITE_INFO_NULL};

    return unit_main(suites, argc, argv);
}
