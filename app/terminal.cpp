#include "app/terminal.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr int kBarCells = 24;

void writeAll(std::FILE* stream, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace

Terminal::Terminal(bool quiet, bool verbose)
    : m_quiet(quiet), m_verbose(verbose && !quiet), m_bar(!quiet && ::isatty(STDERR_FILENO) != 0) {
    const char* noColor = std::getenv("NO_COLOR");
    m_colours = ::isatty(STDERR_FILENO) != 0 && (!noColor || *noColor == '\0');
}

Terminal::~Terminal() {
    clearBar();
}

void Terminal::clearBar() {
    if (!m_barShown) return;
    writeAll(stderr, "\r\033[K");
    std::fflush(stderr);
    m_barShown = false;
}

void Terminal::line(std::string_view label, std::string_view colour, std::string_view text) {
    clearBar();
    std::string out;
    if (m_colours) out += std::string("\033[") + std::string(colour) + "m";
    out += label;
    if (m_colours) out += "\033[0m";
    out += " " + harmless(text) + "\n";
    writeAll(stderr, out);
}

void Terminal::result(std::string_view text) {
    clearBar();
    writeAll(stdout, text);
}

void Terminal::notice(std::string_view text) {
    if (!m_quiet) line("note:", "33", text);
}

void Terminal::detail(std::string_view text) {
    if (m_verbose) line("     ", "2", text);
}

void Terminal::error(const Error& error) {
    line("attention-viz:", "31", error.sentence());
}

void Terminal::progress(const Progress& progress) {
    if (!m_bar) return;
    const auto now = std::chrono::steady_clock::now();
    if (m_barShown && now - m_lastBar < std::chrono::milliseconds(60)) return;
    m_lastBar = now;
    std::string out = "\r\033[K";
    if (progress.fraction >= 0) {
        const int filled = static_cast<int>(std::lround(progress.fraction * kBarCells));
        out += "[";
        for (int cell = 0; cell < kBarCells; ++cell) out += cell < filled ? "=" : " ";
        char percent[16];
        std::snprintf(percent, sizeof percent, "] %3d %% ",
                      static_cast<int>(std::lround(progress.fraction * 100)));
        out += percent;
    }
    out += harmless(progress.what);
    writeAll(stderr, out);
    std::fflush(stderr);
    m_barShown = true;
}

ProgressSink Terminal::progressSink() {
    return [this](const Progress& step) { progress(step); };
}

Result<void> StandardOutput::write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size())
        return ioError(std::string("cannot be written: ") + std::strerror(errno), "standard output");
    return {};
}

}  // namespace attnviz
