// How far a long piece of work is, for a progress bar and a status line.
#pragma once

#include <functional>
#include <string>

namespace attnviz {

struct Progress {
    std::string what;       // "Capturing layer 3 of 12"
    double fraction = 0.0;  // 0 to 1; below 0 where nobody can tell
};

// Called on the working thread; the receiver carries it to its own.
using ProgressSink = std::function<void(const Progress&)>;

}  // namespace attnviz
