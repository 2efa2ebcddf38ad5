// Opens a model: from what was open lately, from the Hugging Face cache, from a folder, or by its name on the
// hub.
//
// One field filters the list and takes a folder or a name. What a name would fetch is looked up and shown,
// file by file, before anything is downloaded; the download itself is the window's. Disk and network are
// asked on other threads: the dialog never waits, and closing it ends what it asked for.
#pragma once

#include <QDialog>
#include <memory>

#include "core/base/job_queue.h"
#include "core/model/hub/hub_settings.h"
#include "core/model/hub/model_download.h"
#include "core/model/model_list.h"

class QAbstractButton;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableWidget;

namespace attnviz::ui {

class Banners;
class ChoiceList;
class ElidingLabel;
class ModelChoices;
struct ModelChoice;

class OpenModelDialog final : public QDialog {
    Q_OBJECT
 public:
    // `recent`: paths, newest first; those of models are listed.
    explicit OpenModelDialog(const QStringList& recent, QWidget* parent = nullptr);
    ~OpenModelDialog() override;

    // Which models can be run is known a little later than which there are: the engine has to be loaded.
    void setFamilies(const RunnableFamilies& families);
    bool isIdle() const;

 signals:
    void chosen(const QString& target);  // what openModel takes; the dialog closes

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    QWidget* makeDetails();
    void scan();
    void inspect(const QString& text);
    void fillCached();
    void takeTyped(const QString& text, std::optional<ModelChoice> folder, std::optional<ModelChoice> hub);
    void chooseRow();
    void showChoice();
    void showPlan(const DownloadPlan& plan);
    void act();
    void lookUp(const QString& name);
    void browse();

    HubSettings m_hub;
    QStringList m_recent;
    ModelChoices* m_choices;
    ChoiceList* m_list;
    QLineEdit* m_field;
    Banners* m_banners;
    QLabel *m_title, *m_what;
    ElidingLabel *m_where, *m_state;
    QTableWidget* m_files;
    QPushButton* m_open;

    std::optional<std::vector<ListedModel>> m_cached;
    std::optional<RunnableFamilies> m_families;
    QString m_kept;     // target of the row that a person has chosen, while it is listed
    QString m_asked;    // the name that is being looked up; empty: none
    QString m_planned;  // the name that m_plan is about
    std::optional<DownloadPlan> m_plan;
    bool m_inspecting = false, m_recentKnown = false;
    JobQueue m_diskQueue, m_hubQueue;
};

}  // namespace attnviz::ui
