/* SPDX-License-Identifier: MIT
 *
 * model_cpp: a model in C++17. A linear regression whose numbers stand in the INI file:
 * prediction = bias + weights[0] * f0 + weights[1] * f1 + ...
 *
 * What C++ adds to the contract: no exception may leave a function that the host calls, so each
 * one that could throw is wrapped (guarded), and nothing but the entry point is exported
 * (-fvisibility=hidden). Tables are constants, so no code runs when the module is loaded.
 */
#include <lrhost/lrhost.h>

#include <charconv>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

struct settings {
    const char *const *weights;
    double bias;
};

class linear
{
  public:
    linear(const struct lr_host *host, const settings &from) : host_(host), bias_(from.bias)
    {
        for (const char *const *text = from.weights; *text; text++)
            weights_.push_back(number(*text));
    }

    void describe(lr_schema &schema) const
    {
        schema.n_features = static_cast<uint32_t>(weights_.size());
        schema.n_outputs = 1;
    }

    // Several lanes at once: const, and nothing is kept between two calls.
    void predict(lr_batch &batch) const
    {
        for (uint32_t i = 0; i < batch.count; i++) {
            const double *x = batch.x + static_cast<size_t>(i) * batch.x_stride;
            double sum = bias_;

            for (size_t j = 0; j < weights_.size(); j++)
                sum += weights_[j] * x[j];
            batch.out[static_cast<size_t>(i) * batch.out_stride] = sum;
        }
    }

    void greet() const
    {
        const std::string line =
            "a linear regression of " + std::to_string(weights_.size()) + " features, in C++";
        host_->log(host_->ctx, LR_LOG_INFO, line.c_str());
    }

  private:
    static double number(const char *text)
    {
        const char *end = text + std::strlen(text);
        double value = 0;
        const auto [stop, error] = std::from_chars(text, end, value);

        if (error != std::errc() || stop != end)
            throw std::invalid_argument(std::string("weights: '") + text + "' is no number");
        return value;
    }

    const struct lr_host *host_;
    double bias_;
    std::vector<double> weights_;
};

// Turns whatever is thrown into a status and a sentence.
template <typename Work> lr_status guarded(lr_error *err, Work work) noexcept
{
    try {
        work();
        return LR_OK;
    } catch (const std::bad_alloc &) {
        return lr_fail(err, LR_ENOMEM, "no memory for the model");
    } catch (const std::invalid_argument &wrong) {
        return lr_fail(err, LR_ECONFIG, "%s", wrong.what());
    } catch (const std::exception &unexpected) {
        return lr_fail(err, LR_EINTERNAL, "%s", unexpected.what());
    } catch (...) {
        return lr_fail(err, LR_EINTERNAL, "an exception of an unknown kind");
    }
}

lr_status create(const struct lr_host *host, const void *values, void **ret_self, lr_error *err)
{
    return guarded(err,
                   [=] { *ret_self = new linear(host, *static_cast<const settings *>(values)); });
}

lr_status start(void *self, lr_error *err)
{
    return guarded(err, [=] { static_cast<const linear *>(self)->greet(); });
}

void destroy(void *self)
{
    delete static_cast<linear *>(self);
}

lr_status describe(const void *self, lr_schema *ret_schema, lr_error *err)
{
    return guarded(err, [=] { static_cast<const linear *>(self)->describe(*ret_schema); });
}

lr_status predict(const void *self, lr_batch *batch, lr_error *err)
{
    return guarded(err, [=] { static_cast<const linear *>(self)->predict(*batch); });
}

// C++17 has no designated initializers: the members in order, as in the headers.
const lr_option options[] = {
    {"weights", "One number for each feature", nullptr, nullptr, nullptr, LR_OPT_LIST,
     LR_OPT_REQUIRED, offsetof(settings, weights), 0},
    {"bias", "The prediction where all features are 0", "0", nullptr, nullptr, LR_OPT_FLOAT, 0,
     offsetof(settings, bias), 0},
};

const lr_model model = {sizeof(lr_model), LR_MODEL_EXACT, describe, predict,
                        nullptr,  // learn
                        nullptr,  // snapshot
                        nullptr}; // restore

const lr_plugin plugin = {sizeof(lr_plugin),
                          LR_MODEL,
                          "model_cpp",
                          "a linear regression in C++, numbers in the INI file",
                          options,
                          sizeof(lr_option),
                          sizeof options / sizeof options[0],
                          sizeof(settings),
                          0,
                          &model,
                          nullptr, // check
                          create,
                          start,
                          nullptr, // stop
                          destroy,
                          nullptr}; // topics

const lr_plugin *const plugins[] = {&plugin};

const lr_module module = {sizeof(lr_module), 1, LRHOST_ABI, 1, "model_cpp", "1", "MIT", plugins};

} // namespace

LRHOST_MODULE(module, 1)
