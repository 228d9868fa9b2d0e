/* SPDX-License-Identifier: MIT
 *
 * Suggestions: near names are found, far ones are not, the nearest wins.
 */
#include "unit/unit.h"

#include <string.h>

#include "host/suggest.h"

static const struct {
    const char *word, *candidate;
    int distance; /* -1: no suggestion */
} pairs[] = {
    {"topik", "topic", 1},
    {"topic", "topic", 0},
    {"Topic", "topic", 0},
    {"tpoic", "topic", 1}, /* swapped neighbours are one edit */
    {"opic", "topic", 1},
    {"ttopic", "topic", 1},
    {"lane", "lanes", 1},
    {"max-batch", "max_batch", 1},
    {"max_bacth_sise", "max_batch_size", 2},
    {"group", "topic", -1},
    {"ca", "abc", -1},
    {"a", "b", -1},
    {"ab", "cd", -1},
    {"x", "topic", -1},
    {"", "topic", -1},
    {"topic", "", -1},
    {"0123456789012345678901234567890123456789012345678901234567890123",
     "0123456789012345678901234567890123456789012345678901234567890124", 1},
    {"01234567890123456789012345678901234567890123456789012345678901234", "topic", -1},
};

static void test_pairs(void)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct lrh_suggestion suggestion = {.word = pairs[i].word};

        lrh_suggest(&suggestion, pairs[i].candidate);
        if (pairs[i].distance < 0) {
            CU_ASSERT_PTR_NULL(suggestion.best);
            continue;
        }
        CU_ASSERT_PTR_EQUAL(suggestion.best, pairs[i].candidate);
        CU_ASSERT_EQUAL((int)suggestion.distance, pairs[i].distance);
    }
}

static void test_nearest_wins(void)
{
    static const char *const names[] = {"tonic", "topics", "topic", "toppic"};
    struct lrh_suggestion suggestion = {.word = "topiic"};
    char text[64];

    for (size_t i = 0; i < 4; i++)
        lrh_suggest(&suggestion, names[i]);
    CU_ASSERT_STRING_EQUAL(suggestion.best, "topic");
    CU_ASSERT_STRING_EQUAL(lrh_suggest_text(&suggestion, text, sizeof text),
                           "; did you mean 'topic'?");
}

static void test_text_is_bounded(void)
{
    struct lrh_suggestion none = {.word = "x"}, some = {.word = "topik", .best = "topic"};
    char text[8];

    CU_ASSERT_STRING_EQUAL(lrh_suggest_text(&none, text, sizeof text), "");
    CU_ASSERT_STRING_EQUAL(lrh_suggest_text(&some, text, sizeof text), "; did y");
    CU_ASSERT_STRING_EQUAL(lrh_suggest_text(&some, text, 0), "");
}

static CU_TestInfo tests[] = {
    {"pairs", test_pairs},
    {"nearest wins", test_nearest_wins},
    {"text is bounded", test_text_is_bounded},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"suggest", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

int main(int argc, char **argv)
{
    return unit_main(suites, argc, argv);
}
