/* SPDX-License-Identifier: MIT
 *
 * What was found: a line for each test, or one JSON object whose field names are a contract.
 */
#include "host/escape.h"
#include "verify.h"

static int json_started;

static const struct lrh_rule *find_rule(const char *id)
{
    const struct lrh_rule *rule = lrh_rules;

    while (rule->id && strcmp(rule->id, id) != 0)
        rule++;
    return rule->id ? rule : NULL;
}

static void member(const char *before, const char *key, const char *text)
{
    (void)printf("%s\"%s\":", before, key);
    lrh_escape_json(stdout, text);
}

void lrh_report_begin(const struct lrh_verify *args)
{
    json_started = 0;
    if (!args->json)
        return;
    member("{", "module", args->module);
    (void)printf(",\"tests\":[");
}

static const char *outcome_of(const struct lrh_verdict *v)
{
    return v->n_findings ? "FAIL" : v->skipped ? "skip" : "ok";
}

static void say_json(uint32_t kind, const char *plugin, const char *test,
                     const struct lrh_verdict *v)
{
    (void)printf("%s", json_started ? ",\n" : "\n");
    json_started = 1;
    member("{", "kind", kind ? lrh_kind_name(kind) : "module");
    member(",", "plugin", plugin);
    member(",", "test", test);
    member(",", "outcome", v->n_findings ? "failed" : v->skipped ? "skipped" : "ok");
    member(",", "note", v->note);
    (void)printf(",\"findings\":[");
    for (uint32_t i = 0; i < v->n_findings; i++) {
        const struct lrh_rule *rule = find_rule(v->findings[i].rule);

        member(i ? ",{" : "{", "rule", v->findings[i].rule);
        member(",", "header", rule ? rule->header : NULL);
        member(",", "sentence", rule ? rule->sentence : NULL);
        member(",", "found", v->findings[i].text);
        (void)printf("}");
    }
    (void)printf("]}");
}

static void say_text(uint32_t kind, const char *plugin, const char *test,
                     const struct lrh_verdict *v)
{
    char whose[96];

    (void)snprintf(whose, sizeof whose, "%s %s", kind ? lrh_kind_name(kind) : "module", plugin);
    (void)printf("%-4s  %-18s %-12s %s\n", outcome_of(v), whose, test,
                 v->n_findings ? "" : v->note);
    for (uint32_t i = 0; i < v->n_findings; i++) {
        const struct lrh_rule *rule = find_rule(v->findings[i].rule);

        (void)printf("      [%s] %s\n", v->findings[i].rule, v->findings[i].text);
        if (rule)
            (void)printf("      rule of lrhost/%s: %s\n", rule->header, rule->sentence);
    }
}

void lrh_report_test(const struct lrh_verify *args, uint32_t kind, const char *plugin,
                     const char *test, const struct lrh_verdict *v,
                     struct lrh_verify_totals *totals)
{
    if (v->n_findings)
        totals->failed++;
    else if (v->skipped)
        totals->skipped++;
    else
        totals->ok++;
    if (args->json)
        say_json(kind, plugin, test, v);
    else
        say_text(kind, plugin, test, v);
}

void lrh_report_end(const struct lrh_verify *args, const struct lrh_verify_totals *totals)
{
    if (args->json)
        (void)printf("\n],\"ok\":%u,\"failed\":%u,\"skipped\":%u}\n", totals->ok, totals->failed,
                     totals->skipped);
    else
        (void)printf("%u ok, %u failed, %u skipped\n", totals->ok, totals->failed, totals->skipped);
}

/* ---- --list --------------------------------------------------------------------------------- */

static void kinds_text(uint32_t kinds, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    if (kinds == LRH_OF_MODULE)
        (void)snprintf(text, size, "module");
    else if (kinds == LRH_ANY_KIND)
        (void)snprintf(text, size, "any");
    for (uint32_t kind = LR_SOURCE; kind <= LR_MONITOR && !(kinds == LRH_ANY_KIND); kind++)
        if ((kinds & LRH_KIND(kind)) && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "",
                                     lrh_kind_name(kind));
}

void lrh_report_list(const struct lrh_verify *args)
{
    char kinds[64];

    if (!args->json)
        (void)printf("tests:\n\n");
    for (const struct lrh_test *t = lrh_tests; !args->json && t->name; t++) {
        kinds_text(t->kinds, kinds, sizeof kinds);
        (void)printf("  %-14s %-28s %s\n", t->name, kinds, t->what);
    }
    (void)printf(args->json ? "[" : "\nrules:\n\n");
    for (const struct lrh_rule *r = lrh_rules; r->id; r++) {
        kinds_text(r->kinds, kinds, sizeof kinds);
        if (args->json) {
            member(r == lrh_rules ? "{" : ",\n{", "rule", r->id);
            member(",", "kinds", kinds);
            member(",", "header", r->header);
            member(",", "sentence", r->sentence);
            (void)printf("}");
        } else {
            (void)printf("  %-20s %-10s %s\n", r->id, r->header, r->sentence);
        }
    }
    if (args->json)
        (void)printf("]\n");
}
