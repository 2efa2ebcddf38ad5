// attnviz_run_bench FOLDER TOKENS [dense|factored|auto|written] [REPEATS]
//
// Runs a model folder on seeded ids and prints one line of JSON: the median seconds of a forward pass with
// capture, the peak resident memory in MB, and how the maps were kept; "written": of writing 64 tokens after
// them, the likeliest each. What compare_with_transformers.py sets beside the reference.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/model/engine_loader.h"
#include "core/model/text_generation.h"

using namespace attnviz;

namespace {

constexpr std::size_t kWritten = 64;

// What stays of a run: bytes, and as what.
struct Kept {
    std::int64_t bytes = 0;
    std::string as;
};

Result<Kept> capture(Model& model, const ModelInput& input, const RunOptions& options) {
    const auto output = model.run(input, options, {}, {});
    if (!output) return output.error();
    const auto& info = output->sources.front()->info();
    return Kept{info.keptBytes, info.storage};
}

Result<Kept> write(Model& model, ModelInput input) {
    const auto written = writeTokens(model, {}, {}, kWritten, input, {}, {});
    if (!written) return written.error();
    return Kept{0, std::to_string(*written) + " tokens"};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr,
                     "usage: attnviz_run_bench FOLDER TOKENS [dense|factored|auto|written] [REPEATS]\n");
        return 2;
    }
    const int tokens = std::atoi(argv[2]);
    const int repeats = argc > 4 ? std::atoi(argv[4]) : 3;
    RunOptions options;
    if (argc > 3 && std::strcmp(argv[3], "dense") == 0) options.storage = StorageForm::dense;
    if (argc > 3 && std::strcmp(argv[3], "factored") == 0) options.storage = StorageForm::factored;
    const auto fail = [](const Error& error) {
        std::fprintf(stderr, "%s\n", error.sentence().c_str());
        return 1;
    };
    const auto folder = findModelFolder(argv[1]);
    if (!folder) return fail(folder.error());
    const auto engine = loadEngine();
    if (!engine) return fail(engine.error());
    auto model = (*engine)->load({*folder, {DeviceKind::cpu, 0}, ComputeType::automatic, 0}, {}, {});
    if (!model) return fail(model.error());
    ModelInput input;
    for (int i = 0; i < tokens; ++i) input.ids.push_back((i * 7919L + 13) % (*model)->info().vocabulary);
    const bool writes = argc > 3 && std::strcmp(argv[3], "written") == 0;
    std::vector<double> seconds;
    Kept kept;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        const auto start = std::chrono::steady_clock::now();
        // Nothing of an earlier text helps: a repeat begins with another token.
        input.ids.front() = repeat;
        auto done = writes ? write(**model, input) : capture(**model, input, options);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (!done) return fail(done.error());
        seconds.push_back(took.count());
        kept = std::move(*done);
    }
    std::sort(seconds.begin(), seconds.end());
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf(R"({"seconds": %.4f, "best": %.4f, "peak_mb": %.0f, "kept_mb": %.1f, "kept_as": "%s"})"
                "\n",
                seconds[seconds.size() / 2], seconds.front(), static_cast<double>(usage.ru_maxrss) / 1000.0,
                static_cast<double>(kept.bytes) / 1e6, kept.as.c_str());
    return 0;
}
