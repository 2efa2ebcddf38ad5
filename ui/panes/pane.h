// What every pane is: a view of the workspace that shows itself when somebody sees it.
//
// A hidden pane does no work: it remembers what changed, stops what it was computing, and catches up when
// shown. Changes that come together are shown together. Controls stand on top, the body in the middle (or,
// where there is nothing to show, one sentence that says why), one caption line below.
#pragma once

#include <QPointer>
#include <QWidget>
#include <set>
#include <string>

#include "core/base/job_queue.h"
#include "core/base/progress.h"
#include "ui/state/workspace.h"

class QBoxLayout;
class QLabel;
class QStackedWidget;
class QVBoxLayout;

namespace attnviz::ui {

class ElidingLabel;

class Pane : public QWidget {
    Q_OBJECT
 public:
    enum Change : unsigned {
        kRun = 1U << 0U,      // another document, text or shape
        kSource = 1U << 1U,   // a layer more, other filters, other combined heads
        kHead = 1U << 2U,     // another head is shown
        kChosen = 1U << 3U,   // other heads are chosen (at once)
        kHover = 1U << 4U,    // the cell under the pointer
        kPins = 1U << 5U,     // pinned cells
        kTokens = 1U << 6U,   // chosen tokens
        kView = 1U << 7U,     // colours, scale, range
        kTheme = 1U << 8U,    // light, dark
        kRunning = 1U << 9U,  // how far a run is
        kDocuments = 1U << 10U,
        kHoverHead = 1U << 11U,
        kSeen = 1U << 12U,  // the part of the map that the heatmap shows
        kAll = ~0U,
    };

    ~Pane() override;

    // What is copied and exported of the pane, as it is seen: the body without its controls. Null where there
    // is nothing to see. Heatmaps are drawn cell by cell, never smoothed.
    virtual QWidget* picture() const { return nullptr; }
    // What it shows, as tab-separated values with a header line; empty where there is nothing.
    virtual QString values() const { return {}; }

 protected:
    // `name` tags its computations; `follows` are the changes that it wants to hear of.
    Pane(Workspace& workspace, const char* name, unsigned follows, QWidget* parent);

    // Shows what changed (kAll at first). Called only while the pane is seen.
    virtual void refresh(unsigned changes) = 0;
    // The person changed one of the pane's own controls: refresh soon.
    void noteChange(unsigned changes);

    // Computes off the UI thread. The newest request of a tag wins, and none is delivered to a pane that was
    // hidden meanwhile, or after another run came: it computes anew. `deliver` takes a Result that is never
    // `cancelled`.
    template <class Work, class Deliver>
    void compute(const std::string& tag, Work work, Deliver deliver) {
        const std::string name = m_name + "/" + tag;
        if (m_computing.insert(name).second) m_workspace.expect(1);
        m_workspace.analyses().submit(name, std::move(work),
                                      [this, name, pane = QPointer<Pane>(this), deliver](auto result) {
                                          if (!pane) return;
                                          if (m_computing.erase(name) > 0) m_workspace.expect(-1);
                                          // Of the run before: what comes next computes anew.
                                          if ((m_pending & kRun) != 0) return;
                                          if (result || result.error().kind != ErrorKind::cancelled)
                                              deliver(std::move(result));
                                      });
    }
    void cancel(const std::string& tag);
    bool computing() const { return !m_computing.empty(); }
    bool isComputing(const std::string& tag) const { return m_computing.contains(m_name + "/" + tag); }
    // For work that can take long: how far it is comes to progressed() on the UI thread, a few times a
    // second, while the request of this tag is the newest.
    ProgressSink progressOf(const std::string& tag);
    // Says it on the right of the caption, where there is one.
    virtual void progressed(const Progress& progress);
    // A run is under way and layers are still to come: shows a sentence instead of half an answer.
    bool waitsForLayers();

    Workspace& workspace() const { return m_workspace; }
    QBoxLayout& controls();       // the row on top, made when first asked for
    void setBody(QWidget* body);  // what showBody shows
    void addCaption();            // then m_left and m_right may be written
    void showBody();
    void showSentence(const QString& sentence);  // instead of the body; plain text
    bool bodyShown() const;

    QLabel* m_left = nullptr;
    ElidingLabel* m_right = nullptr;

    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

 private:
    void flush();

    Workspace& m_workspace;
    const QPointer<Workspace> m_alive;  // a window that ends may hide its panes after the workspace has gone
    const std::string m_name;
    unsigned m_pending = kAll;
    bool m_posted = false;
    std::set<std::string> m_computing;
    QVBoxLayout* m_column;
    QWidget* m_controls = nullptr;
    QBoxLayout* m_controlRow = nullptr;
    QStackedWidget* m_stack;
    QLabel* m_sentence;
    QWidget* m_body = nullptr;
};

}  // namespace attnviz::ui
