/* SPDX-License-Identifier: MIT
 *
 * Every rule that is checked. The header's comment carries the id in brackets where the rule
 * stands; tests/verify/rules.sh sees to it that both lists are one.
 */
#include "verify.h"

#define SRC LRH_KIND(LR_SOURCE)
#define COD LRH_KIND(LR_CODEC)
#define ENG LRH_KIND(LR_ENGINE)
#define MOD LRH_KIND(LR_MODEL)
#define SNK LRH_KIND(LR_SINK)
#define MON LRH_KIND(LR_MONITOR)
#define ANY LRH_ANY_KIND

const struct lrh_rule lrh_rules[] = {
    /* the module */
    {"module.trusted", LRH_OF_MODULE, "abi.h", "only root and the user can have written the file"},
    {"module.elf", LRH_OF_MODULE, "abi.h", "a whole ELF file for this machine, with the ABI note"},
    {"module.loads", LRH_OF_MODULE, "abi.h", "it loads, with everything it needs"},
    {"module.exports", LRH_OF_MODULE, "abi.h", "it exports lrhost_module_v1 and nothing else"},
    {"module.descriptor", LRH_OF_MODULE, "abi.h",
     "sizes, names, versions and required functions are in order"},
    {"options.table", LRH_OF_MODULE, "abi.h",
     "every option is documented, its default lies in its range, no two share an offset"},
    /* every kind */
    {"abi.host-size", ANY, "abi.h", "members behind the size of a struct are not read"},
    {"check.quiet", ANY, "abi.h", "check has no side effect and says the same each time"},
    {"life.create", ANY, "abi.h", "create makes an instance"},
    {"life.start", ANY, "abi.h", "start works after create"},
    {"life.use", ANY, "abi.h", "its functions work between start and stop"},
    {"life.stop", ANY, "abi.h", "stop works after start"},
    {"life.destroy", ANY, "abi.h", "destroy works with and without a start"},
    {"life.restart", SNK, "sink.h", "a sink with transactions can be stopped and started again"},
    {"life.thousand", ANY, "abi.h", "a process can hold one instance after the other"},
    {"life.instances", ANY, "abi.h", "instances share nothing"},
    {"life.threads", ANY & ~(MOD | MON), "abi.h",
     "made on the main thread, used on the lane's, destroyed on the main thread"},
    {"create.threads", ANY, "abi.h", "create starts no thread"},
    {"create.io", ANY, "abi.h", "create opens nothing"},
    {"create.self", ANY, "abi.h", "create sets *ret_self, and leaves it alone when it fails"},
    {"create.memory", ANY, "abi.h", "create survives a lack of memory"},
    {"create.leak", ANY, "abi.h", "a create that fails leaves nothing behind"},
    {"start.memory", ANY, "abi.h", "start survives a lack of memory, and stop what follows"},
    {"start.stopping", ANY, "abi.h", "start gives up soon when host->stopping says so"},
    {"stop.deadline", ANY, "abi.h", "stop keeps to its deadline"},
    {"destroy.null", ANY, "abi.h", "destroy(NULL) is harmless"},
    {"leak.memory", ANY, "abi.h", "destroy gives back all memory"},
    {"leak.files", ANY, "abi.h", "stop closes all descriptors"},
    {"leak.threads", ANY, "abi.h", "stop ends all threads"},
    {"error.sentence", ANY, "abi.h", "an error comes with a sentence"},
    {"status.range", ANY, "abi.h", "a status is one of LR_*, and one that its function documents"},
    {"process.exit", ANY, "abi.h", "a plugin does not end the process"},
    {"log.level", ANY, "host.h", "log levels are LR_LOG_*"},
    {"log.line", ANY, "host.h", "a log message is one line of UTF-8"},
    {"metric.name", ANY, "host.h",
     "metrics have sane names, counters end in _total, all have help"},
    {"metric.when", ANY, "host.h", "metrics are asked for in create and start"},
    {"memory.valgrind", ANY, "abi.h", "valgrind finds nothing (--leaks)"},
    /* batches */
    {"batch.sizes", MOD | COD, "batch.h", "batches of none and of one are legal"},
    {"batch.stride", MOD | COD, "batch.h", "rows and records begin where the strides say"},
    {"batch.alignment", MOD, "batch.h", "columns are aligned to 8 bytes, not to more"},
    /* models */
    {"model.describe", MOD, "model.h", "describe works before start and says the same each time"},
    {"model.fills", MOD, "model.h", "every row of out is filled"},
    {"model.bounds", MOD, "model.h", "nothing else of out is written"},
    {"model.inputs", MOD, "model.h", "x is not changed"},
    {"model.values", MOD, "model.h", "NaN, infinities and extremes are numbers like any other"},
    {"model.rows", MOD, "model.h", "a record's prediction depends on that record alone"},
    {"model.exact", MOD, "model.h", "LR_MODEL_EXACT: batch-wise equals record-wise bit for bit"},
    {"model.tolerance", MOD, "model.h", "without it, up to a relative error of 1e-9"},
    {"model.const", MOD, "model.h", "predict leaves the model as it is"},
    {"model.same", MOD, "model.h", "the same settings give the same model"},
    {"model.lanes", MOD, "model.h", "predict may run on several lanes at once"},
    {"model.learn-skips", MOD, "model.h", "learn skips what is bad, empty or without a label"},
    {"model.restore", MOD, "model.h", "restore brings back what snapshot saved"},
    /* codecs */
    {"codec.bind", COD, "codec.h", "bind works before start and names LR_COLUMN_* that there are"},
    {"codec.decode", COD, "codec.h", "decode works for records it can read"},
    {"codec.fills", COD, "codec.h", "decode fills the columns that bind promised"},
    {"codec.bounds", COD, "codec.h", "decode writes to no other row"},
    {"codec.reads", COD, "codec.h", "decode reads value_len bytes and no more, and changes none"},
    {"codec.rows", COD, "codec.h", "a record that cannot be read does not touch the others"},
    {"codec.errors", COD, "codec.h", "an error means that the codec itself is broken"},
    {"codec.batch", COD, "codec.h", "a record is read and written the same in any batch"},
    {"codec.bad-inside", COD, "host.h", "bad records are reported inside decode"},
    {"codec.bad-index", COD, "host.h", "a bad record is one of the batch, reported once"},
    {"codec.bad-reason", COD, "host.h", "the reason is one word, with a message"},
    {"codec.null", COD, "batch.h", "records without a value, and bad ones, are skipped"},
    {"codec.encode", COD, "codec.h", "encode works for every batch that was decoded"},
    {"codec.encoded", COD, "codec.h", "encoded values lie in the memory that was given"},
    {"codec.bound", COD, "codec.h", "encode needs no more than encode_bound said"},
    {NULL, 0, NULL, NULL},
};
