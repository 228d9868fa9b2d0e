/* SPDX-License-Identifier: MIT
 *
 * The JSON codec against jansson: random objects, most of them spoilt a little, are good for both
 * or bad for both, and both read the same numbers, bit for bit. jansson reads numbers by strtod.
 */
#include "codec_rig.h"

#include "json_peer.h"
#include "random_numbers.h"

#define ROUNDS 60000
#define TEXT 400

static char text[TEXT + 4]; /* and what spoil adds */
static size_t n_text;

static void put(const char *piece)
{
    size_t len = strlen(piece);

    if (n_text + len < TEXT) {
        memcpy(text + n_text, piece, len);
        n_text += len;
    }
}

static const char *pick(const char *const *pieces, size_t n)
{
    return pieces[below((unsigned)n)];
}
#define PICK(pieces) pick(pieces, sizeof(pieces) / sizeof *(pieces))

static void put_number(void)
{
    static const char *const odd[] = {"0",
                                      "-0",
                                      "0.0",
                                      "1e5",
                                      "-1E-5",
                                      "123456789012345678",
                                      "1e22",
                                      "0e0",
                                      "5e-324",
                                      "1e309",
                                      "9007199254740993",
                                      "0.1000000000000000055511151231257827021181583404541015625"};
    static const char *const formats[] = {"%.17g", "%.15g", "%.3f", "%.0f", "%.20e", "%.40e"};
    char number[TEXT];

    if (below(4) == 0) {
        put(PICK(odd));
        return;
    }
    do
        (void)snprintf(number, sizeof number, PICK(formats),
                       below(2) ? random_bits() : (double)below(100000) / 1000);
    while (strpbrk(number, "na") || strlen(number) > 60);
    put(number);
}

static void put_string(void)
{
    static const char *const pieces[] = {"a",    "b",    "v",   "c",        "\\u0061",        "\\n",
                                         "\\\"", "\\\\", "\\/", "\xc3\xa4", "\\ud83d\\ude00", "{",
                                         "]",    ",",    " ",   "\\u00e4"};

    put("\"");
    for (unsigned n = below(4); n > 0; n--)
        put(PICK(pieces));
    put("\"");
}

static void put_blank(void)
{
    static const char *const blanks[] = {"", "", "", "", " ", "\n\t", "\r"};

    put(PICK(blanks));
}

static void put_value(unsigned depth);

static void put_members(unsigned depth, int object)
{
    static const char *const names[] = {"\"a\"", "\"b\"", "\"v\"", "\"c\"", "\"\\u0062\""};

    for (unsigned n = below(5), i = 0; i < n; i++) {
        if (i)
            put(",");
        put_blank();
        if (object) {
            if (below(4))
                put(PICK(names));
            else
                put_string();
            put_blank();
            put(":");
        }
        put_value(depth + 1);
        put_blank();
    }
    put_blank();
}

static void put_value(unsigned depth)
{
    static const char *const literals[] = {"true", "false", "null"};
    unsigned kind = below(depth < 4 ? 10 : 7);

    if (kind < 4) {
        put_number();
    } else if (kind < 6) {
        put_string();
    } else if (kind == 6) {
        put(PICK(literals));
    } else {
        put(kind < 9 ? "{" : "[");
        put_members(depth, kind < 9);
        put(kind < 9 ? "}" : "]");
    }
}

/* One byte more, less, or another one. */
static void spoil(void)
{
    static const char bytes[] = "{}[]\",:\\/ 0123456789+-.eEtrufalsn\x01\x7f\x80\xc3\xed\xff";
    size_t at = n_text ? below((unsigned)n_text) : 0;
    char byte = bytes[below(sizeof bytes)]; /* a NUL too */

    switch (below(3)) {
    case 0:
        memmove(text + at + 1, text + at, n_text - at);
        text[at] = byte;
        n_text++;
        break;
    case 1:
        n_text -= n_text != 0;
        memmove(text + at, text + at + 1, n_text - at);
        break;
    default:
        text[at] = byte;
        break;
    }
}

static void show(const char *what)
{
    (void)printf("\n%s: '%.*s' %s\n", what, (int)n_text, text, f.bad[0]);
}

static void test_peer(void)
{
    unsigned good = 0, bad = 0, twice_bad = 0, differ = 0, numbers = 0;

    random_state = 5;
    CU_ASSERT_EQUAL(start(PEER_SETTINGS "&append=none", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    for (unsigned round = 0; round < ROUNDS && differ < 5; round++) {
        double x[FEATURES];
        int verdict, twice = 0, same_verdict;

        n_text = 0;
        put("{");
        put_members(0, 1);
        put("}");
        for (unsigned n = below(3); n > 0; n--)
            spoil();
        f.batch.count = 0;
        free(f.values[0]);
        add_bytes(text, n_text, 0);
        f.bad[0][0] = '\0';
        decode();
        verdict = peer_read(text, n_text, x, &twice);
        if (verdict == PEER_UNSURE)
            continue;
        if (verdict == PEER_GOOD && twice && f.n_bad && strstr(f.bad[0], "twice")) {
            twice_bad++;
            continue;
        }
        same_verdict = (verdict == PEER_GOOD) == (f.n_bad == 0);
        if (same_verdict && verdict == PEER_GOOD && memcmp(f.x, x, sizeof x) != 0)
            same_verdict = 0;
        if (!same_verdict) {
            differ++;
            show(verdict == PEER_GOOD ? "jansson takes" : "jansson refuses");
        }
        good += verdict == PEER_GOOD;
        bad += verdict == PEER_BAD;
        for (uint32_t j = 0; j < FEATURES && verdict == PEER_GOOD; j++)
            numbers += x[j] != 0;
    }
    CU_ASSERT_EQUAL(differ, 0);
    /* What was compared is worth it. */
    CU_ASSERT(good > ROUNDS / 10 && bad > ROUNDS / 10 && numbers > ROUNDS / 50);
    CU_ASSERT(twice_bad > ROUNDS / 100);
    (void)printf("%u good, %u bad, %u twice, %u numbers\n", good, bad, twice_bad, numbers);
}

/* Numbers as strtod reads them, whatever they look like. */
static void test_strtod(void)
{
    CU_ASSERT_EQUAL(start("append=none", FEATURES, 1, LR_COLUMN_FEATURES), LR_OK);
    random_state = 7;
    for (unsigned round = 0; round < 30000; round++) {
        char *end, *at;
        double expected;

        n_text = 0;
        put("{\"height\":1,\"depth\":2,\"width\":");
        at = text + n_text;
        put_number();
        text[n_text] = '\0';
        expected = strtod(at, &end);
        put("}");
        f.batch.count = 0;
        free(f.values[0]);
        add_bytes(text, n_text, 0);
        decode();
        CU_ASSERT_FATAL(f.n_bad ? expected > 1e308 || expected < -1e308
                                : memcmp(&f.x[0], &expected, sizeof expected) == 0);
    }
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"jansson", test_peer}, {"strtod", test_strtod}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"peers", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

    return codec_main(suites, argc, argv);
}
