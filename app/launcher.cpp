// The executable: sets what libraries read when they are loaded, then loads the program and calls it.
//
// libgomp reads OMP_WAIT_POLICY in its constructor, and its threads spin without it, which doubles the time
// of a run where the cores are busy. The engine loader sets it just before it loads LibTorch; but Qt brings
// libgomp along (Qt6Core needs libb2, which needs libgomp), so Qt may only be loaded after it, too.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

int main(int argc, char** argv) {
    ::setenv("OMP_WAIT_POLICY", "passive", 0);  // unless the user chose one
    std::error_code failed;
    const auto folder = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
    const auto path = (folder / "../lib/attention-viz/libattnviz-program.so").lexically_normal();
    // Global, as the libraries of an executable are: the modules loaded later share its types.
    void* program = ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    using Main = int (*)(int, char**);
    const auto run = program ? reinterpret_cast<Main>(::dlsym(program, "attnviz_main")) : nullptr;
    if (!run) {
        std::fprintf(stderr, "attention-viz: the program cannot be loaded: %s. Install it anew.\n",
                     ::dlerror());
        return 1;
    }
    return run(argc, argv);
}
