// What a person at a terminal sees: results on standard output, progress and notices on standard error.
//
// A bar on a terminal, silence in a pipe; NO_COLOR is honoured; text from models and files is made harmless
// by whoever prints it. Broken pipes (`| head`) end the output quietly.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_sink.h"
#include "core/base/progress.h"

namespace attnviz {

class Terminal final {
 public:
    Terminal(bool quiet, bool verbose);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void result(std::string_view text);       // standard output
    void notice(std::string_view text);       // "note: …", unless quiet
    void detail(std::string_view text);       // only with --verbose
    void error(const Error& error);           // always
    void progress(const Progress& progress);  // a bar, where standard error is a terminal
    ProgressSink progressSink();
    bool quiet() const { return m_quiet; }

 private:
    void clearBar();
    void line(std::string_view label, std::string_view colour, std::string_view text);

    bool m_quiet, m_verbose, m_bar, m_colours, m_barShown = false;
    std::chrono::steady_clock::time_point m_lastBar;
};

// Standard output as a sink, for documents of any size.
class StandardOutput final : public ByteSink {
 public:
    Result<void> write(std::string_view bytes) override;
};

}  // namespace attnviz
