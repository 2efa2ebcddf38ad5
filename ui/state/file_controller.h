// Opens and saves sessions and foreign files, and exports, off the UI thread. Remembers recent files.
//
// Says what a path is: a model (folder, weights beside a config.json), or a session or data file. Errors are
// sentences; what was open stays open.
#pragma once

#include <QObject>
#include <QStringList>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/job_queue.h"
#include "core/exporting/exporter.h"
#include "core/session/session.h"
#include "ui/state/view_settings.h"

namespace attnviz::ui {

enum class PathKind { model, data, text };
PathKind kindOfPath(const QString& path);

class FileController final : public QObject {
    Q_OBJECT
 public:
    explicit FileController(QObject* parent = nullptr);
    ~FileController() override;

    void open(const QString& path);
    void save(const Session& session, const QString& path);
    struct ExportOrder {
        std::shared_ptr<const Session> session;
        Filters filters;  // the run's sources are seen through these; exports combine by themselves
        std::vector<int> layers, heads;
        std::string combine, title, colormap;
        double widthInches = 6.75, heightInches = 5.5;
        int dpi = 300;
        const ExporterDescriptor* exporter = nullptr;
    };
    void exportTo(ExportOrder order, const QString& path);
    void cancel();
    bool idle() const;

    QStringList recent() const;
    void remember(const QString& path);
    void forgetRecent();

 signals:
    void opened(const attnviz::Session& session, const QString& path);
    void saved(const QString& path);
    void exported(const QString& path);
    void failed(const attnviz::Error& error);
    void progressed(const QString& what, double fraction);
    void busyChanged();
    void recentChanged();

 private:
    void setBusy(bool opening, int writing);
    bool m_opening = false;
    int m_writing = 0;
    JobQueue m_queue;
};

// The program's own settings, below $XDG_STATE_HOME (default ~/.local/state): what may be lost without harm.
QString stateFile();

}  // namespace attnviz::ui
