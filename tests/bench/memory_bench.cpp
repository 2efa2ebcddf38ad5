// attnviz_memory_bench [FOLDER [TOKENS]]
//
// How much memory a model takes: prints one line of JSON with how much more is resident, in MB, than with the
// engine alone, at most while the model is loaded and in three runs; "anonymous" is the program's own, the
// rest is the mapped files, which the system takes back when it needs to. Without a folder it makes one of
// GPT-2's shape, 1.07 GB in float16.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "core/model/engine_loader.h"

using namespace attnviz;
namespace fs = std::filesystem;

namespace {

struct Resident {
    double all = 0, anonymous = 0;  // MB
};

Resident resident() {
    std::ifstream status("/proc/self/status");
    Resident now;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) now.all = std::atof(line.c_str() + 6) * 1.024e-3;
        if (line.starts_with("RssAnon:")) now.anonymous = std::atof(line.c_str() + 8) * 1.024e-3;
    }
    return now;
}

// The most that was resident while it lives, looked at every few milliseconds.
class Watch {
 public:
    Watch()
        : m_thread([this](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  const auto now = resident();
                  m_most.all = std::max(m_most.all, now.all);
                  m_most.anonymous = std::max(m_most.anonymous, now.anonymous);
                  std::this_thread::sleep_for(std::chrono::milliseconds(2));
              }
          }) {}
    Resident most() {
        m_thread.request_stop();
        m_thread.join();
        return m_most;
    }

 private:
    Resident m_most;
    std::jthread m_thread;
};

int fail(const Error& error) {
    std::fprintf(stderr, "%s\n", error.sentence().c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    const auto here = fs::read_symlink("/proc/self/exe").parent_path();
    const auto module = here / "../../lib/attention-viz/libattnviz-torch.so";
    ::setenv("ATTNVIZ_TORCH_MODULE", module.c_str(), 0);
    std::string folder = argc > 1 ? argv[1] : "";
    fs::path made;
    if (folder.empty()) {
        made = fs::temp_directory_path() /
               ("attnviz-memory-" + std::to_string(std::hash<std::string>()(argv[0])));
        const auto maker = here / "make_model";
        const auto command = "'" + maker.string() + "' gpt2 '" + made.string() +
                             "' --layers 24 --width 1280 --heads 20 --dtype float16";
        if (std::system(command.c_str()) != 0) return 1;
        folder = made.string();
    }
    const int tokens = argc > 2 ? std::atoi(argv[2]) : 64;
    const auto found = findModelFolder(folder);
    if (!found) return fail(found.error());
    const auto engine = loadEngine();
    if (!engine) return fail(engine.error());
    const auto before = resident();
    Watch loading;
    LoadRequest request;
    request.folder = *found;
    auto model = (*engine)->load(request, {}, {});
    if (!model) return fail(model.error());
    const auto mostLoading = loading.most();
    ModelInput input;
    for (int i = 0; i < tokens; ++i) input.ids.push_back((i * 7919L + 13) % (*model)->info().vocabulary);
    std::printf(R"({"stored_mb": %.0f, "load_growth_mb": %.0f)",
                static_cast<double>((*model)->info().weightBytes) / 1e6, mostLoading.all - before.all);
    for (const char* run : {"first", "second", "third"}) {
        Watch running;
        const auto start = std::chrono::steady_clock::now();
        if (const auto output = (*model)->run(input, {}, {}, {}); !output) return fail(output.error());
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        const auto most = running.most();
        std::printf(R"(, "%s_growth_mb": %.0f, "%s_anonymous_mb": %.0f, "%s_s": %.2f)", run,
                    most.all - before.all, run, most.anonymous - before.anonymous, run, took.count());
    }
    std::printf("}\n");
    if (!made.empty()) fs::remove_all(made);
    return 0;
}
