// What the window shows: the open documents, the current one's run and selection, and the view settings. The
// only thing that panes know; they follow its signals and never each other.
//
// Lives on the UI thread. Runs and sources are immutable and shared; a run in progress is replaced by one
// with a layer more. Token indices in the selection are always those of the shown (filtered) source and in
// its range; heads are those of the model.
#pragma once

#include <QObject>
#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/job_queue.h"
#include "ui/state/document.h"
#include "ui/state/view_settings.h"
#include "ui/widgets/color_scale.h"

namespace attnviz::ui {

class TileRequests;

class Workspace final : public QObject {
    Q_OBJECT
 public:
    explicit Workspace(QObject* parent = nullptr);
    ~Workspace() override;

    // Documents, in the order of their tabs; there is always one, perhaps empty.
    const std::vector<std::unique_ptr<Document>>& documents() const { return m_documents; }
    const Document& document() const { return *m_current; }
    const Document* find(int id) const;
    // What a person calls it: the file's name, else the beginning of the text, else the model.
    static QString titleOf(const Document& document);
    int addDocument();  // empty, and current
    // The last one becomes an empty one. What was closed can be had back while the program runs.
    void closeDocument(int id);
    bool canReopen() const { return !m_closed.empty(); }
    void reopenDocument();
    void setCurrentDocument(int id);
    // Of the current document's prompt.
    void setTexts(const QString& text, const QString& pair, const QString& target);
    void setIds(std::optional<ModelInput> ids);
    void setWritten(int id, const Generation& generation);
    void setPath(int id, const QString& path);

    // A session in the current document if that is empty, else in a new one, which becomes current.
    void open(Session session, const QString& path = {});
    // Replaces the run of a document, current or not: in progress, or its end. Of the same text with more
    // layers; selection and hover stay.
    void advance(int id, std::shared_ptr<const AttentionRun> run);
    void advance(std::shared_ptr<const AttentionRun> run) { advance(m_current->id, std::move(run)); }

    bool isEmpty() const { return m_current->isEmpty(); }
    const std::shared_ptr<const AttentionRun>& run() const { return m_current->session.run; }
    const Session& session() const { return m_current->session; }
    void setNotes(const QString& notes);
    bool modified() const { return m_current->modified; }
    void setModified(int id, bool modified);
    void setModified(bool modified) { setModified(m_current->id, modified); }

    // What is being computed just now, of the document's whole run; below 0: nothing.
    void setRunning(int id, double fraction);
    double running() const { return m_current->running; }

    // Which of the run's sources is shown (encoder, decoder, cross).
    int sourceIndex() const { return m_current->source; }
    void setSourceIndex(int index);
    // As the model has it; through the filters with heads apart; and through all filters, heads combined
    // where they are. The last two are the same where nothing is combined. Null only when empty.
    const std::shared_ptr<const AttentionSource>& rawSource() const;
    const std::shared_ptr<const AttentionSource>& headsSource() const { return m_headsSource; }
    const std::shared_ptr<const AttentionSource>& source() const { return m_source; }
    // Labels and tokens of the shown source: of words where words are shown.
    const QStringList& queryTexts() const { return m_queryTexts; }
    const QStringList& keyTexts() const { return m_keyTexts; }
    const std::vector<Token>& queryTokens() const;  // of the text, whatever is shown
    const std::vector<Token>& keyTokens() const;

    const Selection& selection() const { return m_current->selection; }
    HeadId head() const { return selection().head; }  // the chosen one, as the model has it
    // Of source(): head 0 where heads are combined. Follows head(), a moment later where a filter is on.
    HeadId shownHead() const;
    bool headReady() const;     // its layer is there
    QString headTitle() const;  // "Layer 2 · Head 4", "Layer 2 · mean of 12 heads"
    void setHead(HeadId head);  // and no other
    void setHeads(std::vector<HeadId> heads, HeadId shown);  // `shown` becomes one of them
    void toggleHead(HeadId head);  // adds it, shown, or takes it away; the last one stays
    void extendHeads(HeadId to);   // all heads of the rectangle from the shown one
    std::optional<HeadId> hoveredHead() const { return m_hoveredHead; }
    void setHoveredHead(std::optional<HeadId> head);

    void setTokens(std::optional<KeyRange> queries, std::optional<KeyRange> keys);
    std::optional<Cell> hovered() const { return m_hovered; }
    void setHovered(std::optional<Cell> cell);
    // Pinned probes; the latest is the one that panes follow.
    const std::vector<Cell>& pins() const { return selection().pins; }
    std::optional<Cell> pinned() const;
    void setPinned(std::optional<Cell> cell);  // this one alone, or none
    void togglePin(Cell cell);                 // beside the others
    // The part of the map that the heatmap shows; asking it to show another.
    KeyRange seenQueries() const { return m_seenQueries; }
    KeyRange seenKeys() const { return m_seenKeys; }
    void setSeen(KeyRange queries, KeyRange keys);
    void askMove(Cell cell) { emit moveAsked(cell); }
    // The pinned query, else the hovered one, else the last.
    int activeQuery() const;
    std::optional<int> activeKey() const;

    const ViewSettings& view() const { return m_view; }
    void setView(const ViewSettings& view);
    // Of weights, for the shown head; `shared` over all heads where a pane puts several side by side.
    ColorScale scale() const;
    ColorScale sharedScale() const;

    TileRequests& tiles() { return *m_tiles; }
    // Where panes compute what they show; the tag names the pane. Results are delivered on the UI thread.
    JobQueue& analyses() { return *m_analyses; }
    // A pane has something still to show (+1) or has shown it (-1).
    void expect(int change) { m_expected += change; }
    bool idle() const;  // nothing is being prepared or computed, no tile is under way

 signals:
    void documentsChanged();  // which there are, their titles, which runs
    void runChanged();        // another document, another text, another shape
    void sourceChanged();     // the same tokens: a layer more, other filters, another kind
    void headChosen();        // at once: another head, or others beside it
    void headChanged();       // another head is shown
    void headHovered();
    void tokensChosen();
    void hoverChanged();
    void seenChanged();
    void moveAsked(attnviz::ui::Cell cell);
    void pinChanged();
    void viewChanged();  // colours; filters come as sourceChanged too
    void modifiedChanged();
    void runningChanged();
    void filterRefused(const QString& sentence);
    void noticed(const QString& sentence);  // for the status bar
    void exportRequested();                 // by a pane's own button

 private:
    enum class Change { run, source, head };
    struct Shown {
        std::shared_ptr<const AttentionSource> heads, combined;
    };
    Document* findDocument(int id);
    Document& addTo(std::vector<std::unique_ptr<Document>>& documents);
    void makeCurrent(Document& document);
    HeadId clamped(HeadId head) const;
    void chooseHeads(std::vector<HeadId> heads, HeadId shown);
    // Shows the chosen head of the current run through the current filters: at once where there are none.
    void show(Change change);
    void apply(Shown shown, HeadId head, Change change);
    void keepInRange();
    double largestWeight() const;

    std::vector<std::unique_ptr<Document>> m_documents, m_closed;
    Document* m_current;
    int m_nextId = 1;
    std::shared_ptr<const AttentionSource> m_source, m_headsSource;
    QStringList m_queryTexts, m_keyTexts;
    HeadId m_shown;
    bool m_words = false;  // the texts are of words
    std::optional<Cell> m_hovered;
    std::optional<HeadId> m_hoveredHead;
    KeyRange m_seenQueries, m_seenKeys;
    ViewSettings m_view;
    Filters m_shownFilters;
    std::vector<int> m_shownHeads;  // that are combined; empty: all
    bool m_preparing = false;
    Change m_preparedChange = Change::head;
    int m_expected = 0;
    std::unique_ptr<TileRequests> m_tiles;
    std::unique_ptr<JobQueue> m_queue, m_analyses;
};

}  // namespace attnviz::ui
