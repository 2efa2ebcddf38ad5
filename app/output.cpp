#include "app/output.h"

#include "app/terminal.h"
#include "core/base/atomic_file.h"

namespace attnviz {

Result<void> writeOutput(const std::string& path, const std::function<Result<void>(ByteSink&)>& write) {
    if (path.empty() || path == "-") {
        StandardOutput sink;
        return write(sink);
    }
    auto file = AtomicFile::create(path);
    if (!file) return file.error();
    if (auto written = write(**file); !written) return written;
    return (*file)->commit();
}

Result<void> writeOutput(const std::string& path, std::string_view document) {
    return writeOutput(path, [&](ByteSink& sink) { return sink.write(document); });
}

}  // namespace attnviz
