// Wiring: arguments to a command, the stop token that an interrupt fires, and the exit code. Called by the
// launcher, which is all that the executable holds.
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "app/analysis_commands.h"
#include "app/command.h"
#include "app/command_line.h"
#include "app/terminal.h"
#include "app/window.h"

namespace {

constexpr int kInterrupted = 130;

// The first interrupt asks the work to stop, the second ends the program at once. Signals are taken by a
// thread of their own, so that nothing runs in a signal handler.
void watchInterrupts(const std::stop_source& source) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([signals, stop = source]() mutable {
        int signal = 0;
        sigwait(&signals, &signal);
        stop.request_stop();
        sigwait(&signals, &signal);
        ::_exit(kInterrupted);
    }).detach();
}

}  // namespace

extern "C" int attnviz_main(int argc, char** argv) {
    using namespace attnviz;
    std::signal(SIGPIPE, SIG_DFL);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of a write, which has a sentence
    const auto parsed = parseCommandLine(std::vector<std::string>(argv + 1, argv + argc));
    if (parsed.exitCode) {
        std::fputs(parsed.message.c_str(), parsed.toStandardOutput ? stdout : stderr);
        return *parsed.exitCode;
    }
    const CommandLine& line = parsed.line;
    const bool window = !line.command && !line.analysis;
    // Static, because Qt may have something to say while its own statics end.
    static Terminal terminal(line.quiet, line.verbose);
    const auto configuration = loadConfiguration(line.config);
    if (!configuration) {
        terminal.error(configuration.error());
        return 1;
    }
    if (window) return runWindow(line, *configuration, terminal);

    std::stop_source stop;
    watchInterrupts(stop);
    CommandContext context{line, *configuration, terminal, stop.get_token()};
    const auto outcome = line.analysis ? runAnalysisCommand(context) : line.command->run(context);
    if (std::fflush(stdout) != 0 && outcome.ok()) {
        terminal.error(ioError("cannot be written", "standard output"));
        return 1;
    }
    if (outcome.ok()) return 0;
    if (outcome.error().kind == ErrorKind::cancelled) return kInterrupted;
    terminal.error(outcome.error());
    return 1;
}
