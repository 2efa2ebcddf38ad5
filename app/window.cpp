#include "app/window.h"

#if ATTNVIZ_WITH_GUI
#include <QApplication>
#include <QBuffer>
#include <QPixmap>
#include <QTimer>

#include "app/run_source.h"
#include "core/base/atomic_file.h"
#include "ui/main_window.h"
#endif

namespace attnviz {

#if ATTNVIZ_WITH_GUI
namespace {

// A screenshot is given this long to become calm; then what there is is saved, and said so.
constexpr int kScreenshotLimitMs = 120'000;
constexpr int kSettleMs = 300;

Result<void> saveScreenshot(const ui::MainWindow& window, const std::string& path) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!const_cast<ui::MainWindow&>(window).grab().save(&buffer, "PNG"))
        return internalError("the window could not be drawn", path);
    return writeFile(path, {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

}  // namespace

int runWindow(const CommandLine& line, const Configuration& configuration, Terminal& terminal) {
    // Text and files are checked before a window is made: a mistake is a sentence in the terminal it was
    // typed in.
    std::string text;
    if (line.text || line.textFile) {
        auto read = readText(line);
        if (!read) {
            terminal.error(read.error());
            return 1;
        }
        text = std::move(*read);
    }
    const bool display = qEnvironmentVariableIsSet("DISPLAY") ||
                         qEnvironmentVariableIsSet("WAYLAND_DISPLAY") ||
                         qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
    if (!display && line.screenshot.empty()) {
        terminal.error(unsupported("there is no display to show the window on", {},
                                   "Set DISPLAY, or use a command: 'attention-viz --help' lists them."));
        return 1;
    }
    if (!display) qputenv("QT_QPA_PLATFORM", "offscreen");
    static int count = 1;
    static char name[] = "attention-viz";
    static char* arguments[] = {name, nullptr};
    QApplication application(count, arguments);
    QApplication::setApplicationName("attention-viz");
    QApplication::setApplicationDisplayName("Attention Viz");
    QApplication::setApplicationVersion(ATTNVIZ_VERSION);

    ui::WindowSettings settings;
    if (line.theme) settings.theme = *line.theme == "dark" ? ui::ThemeChoice::dark : ui::ThemeChoice::light;
    settings.device = line.device;
    settings.remember = line.screenshot.empty();
    (void)configuration;
    ui::MainWindow window(std::move(settings));
    if (!line.screenshot.empty()) window.resize(line.width, line.height);
    window.show();
    if (!text.empty()) window.setText(QString::fromStdString(text));
    if (!line.session.empty())
        window.openFile(QString::fromStdString(line.session));
    else if (!line.path.empty())
        window.openFile(QString::fromStdString(line.path));
    else if (!line.model.empty())
        window.openModel(QString::fromStdString(line.model));
    else if (!text.empty())
        window.openModel("sample");

    if (line.screenshot.empty()) return QApplication::exec();
    int code = 0;
    bool late = false;
    const auto save = [&] {
        const auto saved = saveScreenshot(window, line.screenshot);
        if (!saved) {
            terminal.error(saved.error());
            code = 1;
        } else if (late) {
            terminal.notice("The window was still busy after two minutes; the screenshot shows it so.");
        }
        QApplication::exit(code);
    };
    // Idle, and idle still after a moment: fonts, layouts and tiles have then settled.
    QTimer settle;
    settle.setInterval(kSettleMs);
    int calm = 0;
    QObject::connect(&settle, &QTimer::timeout, [&] {
        calm = window.isIdle() ? calm + 1 : 0;
        if (calm == 2) save();
    });
    settle.start();
    QTimer::singleShot(kScreenshotLimitMs, [&] {
        late = true;
        save();
    });
    QApplication::exec();
    return code;
}
#else
int runWindow(const CommandLine&, const Configuration&, Terminal& terminal) {
    terminal.error(
        unsupported("this build has no window", {},
                    "It was made with ATTNVIZ_GUI=OFF; 'attention-viz --help' lists what it can do."));
    return 1;
}
#endif

}  // namespace attnviz
