// What the window shows: the current run, the selection and the view settings. The only thing that panes
// know; they follow its signals and never each other.
//
// Lives on the UI thread. Runs and sources are immutable and shared; a run in progress is replaced by one
// with a layer more. Indices in the selection are always those of the shown (filtered) source and in its
// range.
#pragma once

#include <QObject>
#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/job_queue.h"
#include "core/session/session.h"
#include "ui/state/view_settings.h"
#include "ui/widgets/cell.h"
#include "ui/widgets/color_scale.h"

namespace attnviz::ui {

class TileRequests;

class Workspace final : public QObject {
    Q_OBJECT
 public:
    explicit Workspace(QObject* parent = nullptr);
    ~Workspace() override;

    // The run and what is kept beside it in a session. A null run empties the window.
    void open(Session session);
    // A run in progress, or its end: the same text with more layers. Selection and hover stay.
    void advance(std::shared_ptr<const AttentionRun> run);

    bool isEmpty() const { return m_session.run == nullptr; }
    const std::shared_ptr<const AttentionRun>& run() const { return m_session.run; }
    const Session& session() const { return m_session; }
    void setNotes(const QString& notes);
    bool modified() const { return m_modified; }
    void setModified(bool modified);

    // What is being computed just now, of the whole run; below 0: nothing.
    void setRunning(double fraction);
    double running() const { return m_running; }

    // Which of the run's sources is shown (encoder, decoder, cross).
    int sourceIndex() const { return m_sourceIndex; }
    void setSourceIndex(int index);
    // As the model has it, and as seen through the filters. Null only when empty.
    const std::shared_ptr<const AttentionSource>& rawSource() const;
    const std::shared_ptr<const AttentionSource>& source() const { return m_source; }
    const QStringList& queryTexts() const { return m_queryTexts; }
    const QStringList& keyTexts() const { return m_keyTexts; }
    const std::vector<Token>& queryTokens() const;
    const std::vector<Token>& keyTokens() const;

    HeadId head() const { return m_head; }  // the chosen one, as the model has it
    // Of source(): head 0 where heads are combined. Follows head(), a moment later where a filter is on.
    HeadId shownHead() const;
    bool headReady() const;     // its layer is there
    QString headTitle() const;  // "Layer 2 · Head 4", "Layer 2 · mean of 12 heads"
    void setHead(HeadId head);
    std::optional<Cell> hovered() const { return m_hovered; }
    std::optional<Cell> pinned() const { return m_pinned; }
    // The pinned query, else the hovered one, else the last.
    int activeQuery() const;
    std::optional<int> activeKey() const;
    void setHovered(std::optional<Cell> cell);
    void setPinned(std::optional<Cell> cell);

    const ViewSettings& view() const { return m_view; }
    void setView(const ViewSettings& view);
    ColorScale scale() const;  // of weights, for the shown head

    TileRequests& tiles() { return *m_tiles; }
    bool idle() const;  // nothing is being prepared, no tile is under way

 signals:
    void runChanged();     // another text, another shape
    void sourceChanged();  // the same tokens: a layer more, other filters, another kind
    void headChosen();     // at once
    void headChanged();    // another head is shown
    void hoverChanged();
    void pinChanged();
    void viewChanged();  // colours; filters come as sourceChanged too
    void modifiedChanged();
    void runningChanged();
    void filterRefused(const QString& sentence);
    void noticed(const QString& sentence);  // for the status bar
    void exportRequested();                 // by a pane's own button

 private:
    enum class Change { run, source, head };
    // Shows the chosen head of the current run through the current filters: at once where there are none.
    void show(Change change);
    void apply(std::shared_ptr<const AttentionSource> source, HeadId head, Change change);
    void keepInRange();

    Session m_session;
    bool m_modified = false;
    double m_running = -1;
    int m_sourceIndex = 0;
    std::shared_ptr<const AttentionSource> m_source;
    QStringList m_queryTexts, m_keyTexts;
    HeadId m_head, m_shown;
    bool m_words = false;  // the texts are of words
    std::optional<Cell> m_hovered, m_pinned;
    ViewSettings m_view;
    Filters m_shownFilters;
    bool m_preparing = false;
    Change m_preparedChange = Change::head;
    std::unique_ptr<TileRequests> m_tiles;
    std::unique_ptr<JobQueue> m_queue;
};

}  // namespace attnviz::ui
