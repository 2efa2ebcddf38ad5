#include "app/window.h"

#include <cstdlib>

#if ATTNVIZ_WITH_GUI
#include <QApplication>
#include <QBuffer>
#include <QDeadlineTimer>
#include <QEvent>
#include <QPixmap>
#include <QThread>
#include <QTimer>
#include <functional>
#include <memory>

#include "app/qt_messages.h"
#include "app/run_source.h"
#include "core/base/atomic_file.h"
#include "ui/dock_layout.h"
#include "ui/layouts.h"
#include "ui/main_window.h"
#include "ui/state/workspace.h"
#endif

namespace attnviz {

bool hasDisplay() {
    const auto set = [](const char* name) {
        const char* value = std::getenv(name);
        return value && *value != '\0';
    };
    return set("DISPLAY") || set("WAYLAND_DISPLAY");
}

#if ATTNVIZ_WITH_GUI
namespace {

// A screenshot is given this long to become calm; then what there is is saved, and said so.
constexpr int kScreenshotLimitMs = 120'000;
constexpr int kSettleMs = 300;
// A run that was told to stop is given this long when the program ends.
constexpr int kEndMs = 3'000;

Result<void> saveScreenshot(const ui::MainWindow& window, const std::string& path) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!const_cast<ui::MainWindow&>(window).grab().save(&buffer, "PNG"))
        return internalError("the window could not be drawn", path);
    return writeFile(path, {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

// The code of a TorchScript module cannot be stopped, and the end of the window waits for the engine's
// thread: the program then ends over its head. What is kept was written when the window closed.
int end(const ui::MainWindow& window, int code) {
    for (const QDeadlineTimer limit(kEndMs); window.onlyEngineWorks();) {
        if (limit.hasExpired()) std::_Exit(code);
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
        QThread::msleep(5);
    }
    return code;
}

// Says with --verbose when the window was first painted, which is what a start costs.
class FirstPaint final : public QObject {
 public:
    FirstPaint(QWidget& window, Terminal& terminal) : m_terminal(terminal) {
        window.installEventFilter(this);
    }

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() == QEvent::Paint && !m_seen) {
            m_seen = true;
            // Once what is drawn of the children in the same pass is drawn too.
            QTimer::singleShot(0, this, [this] { m_terminal.detail("The window is drawn."); });
        }
        return QObject::eventFilter(watched, event);
    }

 private:
    Terminal& m_terminal;
    bool m_seen = false;
};

// The view that the command line and the configuration ask for: colours, filters, and once there is a run the
// head, the layout and the pane. `refuse` is told of a head that the run does not have.
void showView(const CommandLine& line, const Configuration& configuration, ui::MainWindow& window,
              const std::function<void(const Error&)>& refuse) {
    ui::Workspace& workspace = window.workspace();
    ui::ViewSettings view = workspace.view();
    view.colormap =
        QString::fromStdString(line.colormap.value_or(configuration.visualization.defaultColormap));
    view.logarithmic = line.logarithmic || view.logarithmic;
    view.filters.hideSpecial = line.hideSpecial;
    view.filters.hideSinks = line.hideSinks;
    view.filters.renormalize = line.renormalize;
    view.filters.words = line.words;
    view.filters.threshold = line.threshold.value_or(0);
    if (line.topK) {
        view.filters.thresholdKind = ui::ThresholdKind::topK;
        view.filters.threshold = *line.topK;
    } else if (line.mass) {
        view.filters.thresholdKind = ui::ThresholdKind::mass;
        view.filters.threshold = *line.mass;
    }
    workspace.setView(view);
    auto wanted = std::make_shared<bool>(true);
    QObject::connect(&workspace, &ui::Workspace::runChanged, &window, [&, wanted, refuse] {
        if (!*wanted || workspace.isEmpty() || !workspace.rawSource()) return;
        *wanted = false;
        // Docks are there once the window has seen the run too.
        QTimer::singleShot(0, &window, [&] {
            if (!line.layout.empty()) window.docks().applyNamed(QString::fromStdString(line.layout));
            if (!line.pane.empty()) window.docks().raise(line.pane);
        });
        if (!line.layer && !line.head) return;
        const AttentionInfo& info = workspace.rawSource()->info();
        const auto layer =
            parseIndices(std::to_string(line.layer.value_or(-1)), info.layers, "layer", "--layer");
        const auto head = parseIndices(std::to_string(line.head.value_or(0)), info.heads, "head", "--head");
        if (layer && head)
            workspace.setHead({layer->front(), head->front()});
        else
            refuse((layer ? head : layer).error());
    });
}

// A layout or a pane that there is not is a sentence before the window is seen.
Result<void> checkPlaces(const CommandLine& line, const ui::DockLayout& docks) {
    const auto refuse = [](const std::string& what, const std::string& name, const QStringList& there) {
        return badInput("there is no " + what + " '" + name + "'", {},
                        "There are " + there.join(", ").toStdString() + ".");
    };
    QStringList layouts = docks.kept(), panes;
    for (const auto& layout : ui::layouts()) layouts << QString::fromStdString(std::string(layout.id));
    if (!line.layout.empty() && !layouts.contains(QString::fromStdString(line.layout)))
        return refuse("layout", line.layout, layouts);
    for (const auto* pane : ui::panes())
        if (docks.dock(pane->id)) panes << QString::fromStdString(std::string(pane->id));
    if (!line.pane.empty() && !panes.contains(QString::fromStdString(line.pane)))
        return refuse("pane", line.pane, panes);
    return {};
}

}  // namespace

int runWindow(const CommandLine& line, const Configuration& configuration, Terminal& terminal) {
    // Text and files are checked before a window is made: a mistake is a sentence in the terminal it was
    // typed in.
    auto run = runSettings(line, configuration);
    if (run && (line.text || line.textFile)) {
        auto read = readText(line);
        if (read)
            run->input.text = std::move(*read);
        else
            run = read.error();
    }
    if (!run) {
        terminal.error(run.error());
        return 1;
    }
    const bool hasText = !run->input.text.empty() || run->input.ids;
    if (!hasDisplay() && qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) {
        if (line.screenshot.empty()) {
            terminal.error(noDisplay());
            return 1;
        }
        qputenv("QT_QPA_PLATFORM", "offscreen");
    }
    const QtMessages messages(terminal);
    static int count = 1;
    static char name[] = "attention-viz";
    static char* arguments[] = {name, nullptr};
    QApplication application(count, arguments);
    QApplication::setApplicationName("attention-viz");
    QApplication::setApplicationDisplayName("Attention Viz");
    QApplication::setApplicationVersion(ATTNVIZ_VERSION);

    ui::WindowSettings settings;
    if (line.theme) settings.theme = *line.theme == "dark" ? ui::ThemeChoice::dark : ui::ThemeChoice::light;
    settings.run = std::move(*run);
    settings.remember = line.screenshot.empty();
    ui::MainWindow window(std::move(settings));
    if (const auto checked = checkPlaces(line, window.docks()); !checked) {
        terminal.error(checked.error());
        return 1;
    }
    FirstPaint firstPaint(window, terminal);
    showView(line, configuration, window, [&](const Error& error) {
        terminal.error(error);
        if (!line.screenshot.empty()) QApplication::exit(1);
    });
    if (!line.screenshot.empty()) window.resize(line.width, line.height);
    window.show();
    if (!line.session.empty())
        window.openFile(QString::fromStdString(line.session));
    else if (!line.path.empty())
        window.openFile(QString::fromStdString(line.path),
                        {{}, QString::fromStdString(line.tokenizer), line.allowCode});
    else if (!line.model.empty())
        window.openModel(
            {QString::fromStdString(line.model), QString::fromStdString(line.tokenizer), line.allowCode});
    else if (hasText)
        window.openModel("sample");

    if (line.screenshot.empty()) return end(window, QApplication::exec());
    bool late = false;
    const auto save = [&] {
        const auto saved = saveScreenshot(window, line.screenshot);
        if (!saved)
            terminal.error(saved.error());
        else if (late)
            terminal.notice("The window was still busy after two minutes; the screenshot shows it so.");
        window.stopAll();
        QApplication::exit(saved ? 0 : 1);
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
    return end(window, QApplication::exec());
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
