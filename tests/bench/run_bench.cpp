// attnviz_run_bench FOLDER TOKENS [dense|factored|auto] [REPEATS]
//
// Runs a model folder on seeded ids and prints one line of JSON: the median seconds of a forward pass with
// capture, the peak resident memory in MB, and how the maps were kept. What compare_with_transformers.py sets
// beside the reference.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/model/engine_loader.h"

using namespace attnviz;

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: attnviz_run_bench FOLDER TOKENS [dense|factored|auto] [REPEATS]\n");
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
    std::vector<double> seconds;
    std::string kept;
    std::int64_t keptBytes = 0;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        const auto start = std::chrono::steady_clock::now();
        const auto output = (*model)->run(input, options, {}, {});
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (!output) return fail(output.error());
        seconds.push_back(took.count());
        kept = output->sources.front()->info().storage;
        keptBytes = output->sources.front()->info().keptBytes;
    }
    std::sort(seconds.begin(), seconds.end());
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf(R"({"seconds": %.4f, "best": %.4f, "peak_mb": %.0f, "kept_mb": %.1f, "kept_as": "%s"})"
                "\n",
                seconds[seconds.size() / 2], seconds.front(), static_cast<double>(usage.ru_maxrss) / 1000.0,
                static_cast<double>(keptBytes) / 1e6, kept.c_str());
    return 0;
}
