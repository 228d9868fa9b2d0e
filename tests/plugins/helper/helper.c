/* SPDX-License-Identifier: MIT
 *
 * The library beside origin.so. Linked without a soname: it can be found by its file alone.
 */
__attribute__((visibility("default"))) int helper_answer(void);

int helper_answer(void)
{
    return 42;
}
