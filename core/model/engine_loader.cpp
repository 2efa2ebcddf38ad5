#include "core/model/engine_loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <exception>
#include <mutex>

#include "core/base/readable.h"

namespace attnviz {

std::filesystem::path engineModulePath() {
    if (const char* given = std::getenv("ATTNVIZ_TORCH_MODULE"); given && *given) {
        std::error_code ignored;  // absolute, because dlopen searches a bare name elsewhere
        return std::filesystem::absolute(given, ignored);
    }
    std::error_code ignored;
    const auto folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    return (folder / "../lib/attention-viz/libattnviz-torch.so").lexically_normal();
}

namespace {

Engine* g_engine = nullptr;
std::mutex g_mutex;

}  // namespace

bool engineIsLoaded() {
    const std::lock_guard lock(g_mutex);
    return g_engine != nullptr;
}

Result<Engine*> loadEngine() {
    const std::lock_guard lock(g_mutex);
    if (g_engine) return g_engine;
    const auto path = engineModulePath();
    constexpr const char* kHint = "Saved sessions still open; 'attention-viz doctor' tells more.";
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        return notFound("this build has no LibTorch module, which runs models", path.string(), kHint);
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        const char* reason = ::dlerror();
        return unsupported(std::string("the LibTorch module cannot be loaded: ") +
                               harmless(reason ? reason : "no reason given"),
                           path.string(), kHint);
    }
    using Entry = Engine* (*)(int);
    const auto entry = reinterpret_cast<Entry>(::dlsym(module, "attnviz_engine"));
    // A module that is refused stays loaded: its libraries may have started threads.
    if (!entry)
        return unsupported("this is no module of Attention Viz", path.string(),
                           "Name libattnviz-torch.so in ATTNVIZ_TORCH_MODULE, or unset it.");
    Engine* engine = nullptr;
    try {
        engine = entry(kEngineAbiVersion);
    } catch (const std::exception& exception) {
        return unsupported(std::string("the LibTorch module fails to start: ") + harmless(exception.what()),
                           path.string(), kHint);
    }
    if (!engine)
        return unsupported("the LibTorch module belongs to another version of the program", path.string(),
                           "Install program and module together.");
    g_engine = engine;
    return engine;
}

}  // namespace attnviz
