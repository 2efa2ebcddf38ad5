#include "core/analysis/layer_pass.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <thread>

namespace attnviz {
namespace {

constexpr int kBlockWeights = 1 << 16;

Result<void> guarded(const std::function<Result<void>(int, std::stop_token)>& work, int index,
                     const std::stop_token& stop) {
    try {
        return work(index, stop);
    } catch (const std::bad_alloc&) {
        return outOfMemory("the analysis needs more memory than there is", {},
                           "Choose fewer layers or heads, or a shorter text");
    } catch (const std::exception& problem) {
        return internalError(std::string("the analysis failed: ") + problem.what());
    }
}

}  // namespace

Result<void> eachRow(const AttentionSource& source, HeadId head, std::stop_token stop,
                     const std::function<void(int, std::span<const float>)>& visit) {
    const AttentionInfo& info = source.info();
    const auto keys = static_cast<std::size_t>(info.keys);
    const int block = std::clamp(kBlockWeights / std::max(1, info.keys), 1, std::max(1, info.queries));
    std::vector<float> rows(static_cast<std::size_t>(block) * keys);
    for (int query = 0; query < info.queries; query += block) {
        if (stop.stop_requested()) return cancelled();
        const int count = std::min(block, info.queries - query);
        const auto part = std::span(rows).first(static_cast<std::size_t>(count) * keys);
        if (auto read = source.rows(head, query, count, part, stop); !read) return read.error();
        for (int i = 0; i < count; ++i)
            visit(query + i, std::span<const float>(part).subspan(static_cast<std::size_t>(i) * keys, keys));
    }
    return {};
}

Result<void> inParallel(int count, int threads, std::string_view what, const ProgressSink& progress,
                        std::stop_token stop, const std::function<Result<void>(int, std::stop_token)>& work) {
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    threads = std::clamp(std::min(threads, count), 1, cores);
    std::stop_source failed;  // fires for a request from outside too, so that work polls one token
    const std::stop_callback forward(stop, [&] { failed.request_stop(); });
    std::atomic<int> next{0};
    std::mutex mutex;  // guards what follows, and calls of `progress`
    std::optional<Error> error;
    int done = 0;
    const auto loop = [&] {
        for (int index = next++; index < count && !failed.stop_requested(); index = next++) {
            auto result = guarded(work, index, failed.get_token());
            const std::scoped_lock lock(mutex);
            if (!result) {
                if (!error) error = result.error();
                failed.request_stop();
                return;
            }
            ++done;
            if (progress)
                progress({std::string(what) + " " + std::to_string(done) + " of " + std::to_string(count),
                          static_cast<double>(done) / count});
        }
    };
    {
        std::vector<std::jthread> others;
        for (int thread = 1; thread < threads; ++thread) others.emplace_back(loop);
        loop();
    }
    if (stop.stop_requested()) return cancelled();
    if (error) return *error;
    return {};
}

std::vector<int> chosenOrAll(const std::vector<int>& chosen, int count) {
    if (!chosen.empty()) return chosen;
    std::vector<int> all(static_cast<std::size_t>(std::max(0, count)));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

std::vector<int> chosenLayers(const AttentionSource& source, const std::vector<int>& chosen) {
    return chosenOrAll(chosen, std::min(source.info().layers, source.layersReady()));
}

std::vector<int> chosenHeads(const AttentionSource& source, const std::vector<int>& chosen) {
    return chosenOrAll(chosen, source.info().heads);
}

}  // namespace attnviz
