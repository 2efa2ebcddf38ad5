#include "ui/state/file_controller.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QSettings>

#include "core/analysis/filter_tokens.h"
#include "core/base/atomic_file.h"
#include "core/model/script_file.h"
#include "ui/state/filtering.h"
#include "ui/state/tile_requests.h"

namespace attnviz::ui {
namespace {

constexpr int kRecentFiles = 12;

}  // namespace

QString stateFile() {
    QString home = qEnvironmentVariable("XDG_STATE_HOME");
    if (home.isEmpty() || !QDir::isAbsolutePath(home)) home = QDir::homePath() + "/.local/state";
    return home + "/attention-viz/window.ini";
}

PathKind kindOfPath(const QString& path) {
    const QFileInfo info(path);
    if (path == "sample" || info.isDir() || info.fileName() == "config.json") return PathKind::model;
    const QString suffix = info.suffix().toLower();
    if (isScriptFile(path.toStdString())) return PathKind::model;
    if (suffix == "txt" || suffix == "md") return PathKind::text;
    const bool weights = suffix == "safetensors" || suffix == "bin" || suffix == "pt";
    if (weights && QFileInfo::exists(info.dir().filePath("config.json"))) return PathKind::model;
    return PathKind::data;
}

FileController::FileController(QObject* parent) : QObject(parent), m_queue("files", postTo(this)) {}

FileController::~FileController() = default;

bool FileController::idle() const {
    return !m_opening && m_writing == 0 && m_queue.idle();
}

void FileController::setBusy(bool opening, int writing) {
    m_opening = opening;
    m_writing = writing;
    emit busyChanged();
}

void FileController::open(const QString& path) {
    setBusy(true, m_writing);
    emit progressed(tr("Opening %1").arg(QFileInfo(path).fileName()), -1);
    m_queue.submit(
        "open",
        [path = std::filesystem::path(path.toStdString()),
         this](std::stop_token stop) -> Result<std::shared_ptr<const Session>> {
            ProgressSink progress = [this](const Progress& step) {
                QMetaObject::invokeMethod(
                    this, [this, step] { emit progressed(QString::fromStdString(step.what), step.fraction); },
                    Qt::QueuedConnection);
            };
            auto session = openSession(path, progress, stop);
            if (!session) return session.error();
            return std::make_shared<const Session>(*std::move(session));
        },
        [this, path](Result<std::shared_ptr<const Session>> result) {
            setBusy(false, m_writing);
            if (!result) {
                if (result.error().kind != ErrorKind::cancelled) emit failed(result.error());
                return;
            }
            remember(QFileInfo(path).absoluteFilePath());
            emit opened(**result, path);
        });
}

void FileController::save(const Session& session, const QString& path) {
    setBusy(m_opening, m_writing + 1);
    emit progressed(tr("Saving %1").arg(QFileInfo(path).fileName()), -1);
    auto copy = std::make_shared<Session>(session);
    copy->created = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
    copy->generator = "Attention Viz " ATTNVIZ_VERSION;
    m_queue.submit(
        "save:" + path.toStdString(),
        [copy, path = std::filesystem::path(path.toStdString())](std::stop_token stop) {
            return saveSession(*copy, path, {}, stop);
        },
        [this, path](const Result<void>& result) {
            setBusy(m_opening, m_writing - 1);
            if (!result) {
                if (result.error().kind != ErrorKind::cancelled) emit failed(result.error());
                return;
            }
            remember(QFileInfo(path).absoluteFilePath());
            emit saved(path);
        });
}

void FileController::exportTo(ExportOrder order, const QString& path) {
    setBusy(m_opening, m_writing + 1);
    emit progressed(tr("Exporting %1").arg(QFileInfo(path).fileName()), -1);
    using Sources = std::vector<std::shared_ptr<const AttentionSource>>;
    auto kept = std::make_shared<const ExportOrder>(std::move(order));
    const auto filter = [kept](std::stop_token stop) -> Result<Sources> {
        Filters filters = kept->filters;
        filters.combine = Combine::single;
        Sources sources;
        for (const auto& source : kept->session->run->sources) {
            auto seen = filteredSource(*kept->session->run, source, filterSettings(filters), stop);
            if (!seen) return seen.error();
            sources.push_back(*std::move(seen));
        }
        return sources;
    };
    const auto write = [this, kept, path](const Sources& sources, std::stop_token stop) -> Result<void> {
        auto file = AtomicFile::create(path.toStdString());
        if (!file) return file.error();
        ExportRequest request{*kept->session, sources, kept->layers, kept->heads};
        request.combine = kept->combine;
        request.title = kept->title;
        request.colormap = kept->colormap;
        request.widthInches = kept->widthInches;
        request.heightInches = kept->heightInches;
        request.dpi = kept->dpi;
        request.created = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
        ProgressSink progress = [this](const Progress& step) {
            QMetaObject::invokeMethod(
                this, [this, step] { emit progressed(QString::fromStdString(step.what), step.fraction); },
                Qt::QueuedConnection);
        };
        if (auto done = kept->exporter->write(request, **file, progress, stop); !done) return done.error();
        return (*file)->commit();
    };
    const auto finish = [this, path](const Result<void>& result) {
        setBusy(m_opening, m_writing - 1);
        if (result)
            emit exported(path);
        else if (result.error().kind != ErrorKind::cancelled)
            emit failed(result.error());
    };
    const std::string tag = "export:" + path.toStdString();
    if (!kept->exporter->draws) {
        m_queue.submit(
            tag,
            [filter, write](std::stop_token stop) -> Result<void> {
                const auto sources = filter(stop);
                return sources ? write(*sources, stop) : Result<void>(sources.error());
            },
            finish);
        return;
    }
    // Figures are laid out with widgets, which live on this thread.
    m_queue.submit(tag, filter, [write, finish](const Result<Sources>& sources) {
        finish(sources ? write(*sources, {}) : Result<void>(sources.error()));
    });
}

void FileController::cancel() {
    m_queue.cancel("open");
    setBusy(false, m_writing);
}

QStringList FileController::recent() const {
    return QSettings(stateFile(), QSettings::IniFormat).value("recent/files").toStringList();
}

void FileController::remember(const QString& path) {
    QSettings settings(stateFile(), QSettings::IniFormat);
    QStringList files = settings.value("recent/files").toStringList();
    files.removeAll(path);
    files.prepend(path);
    while (files.size() > kRecentFiles) files.removeLast();
    settings.setValue("recent/files", files);
    emit recentChanged();
}

void FileController::forgetRecent() {
    QSettings(stateFile(), QSettings::IniFormat).remove("recent/files");
    emit recentChanged();
}

}  // namespace attnviz::ui
