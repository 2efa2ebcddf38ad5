// The only place where filters and colours are set: combine, colour map, scale, range, threshold, hiding,
// renormalizing, units. Shows a ViewSettings and gives one back. In a narrow window captions go before
// anything that can be chosen.
#pragma once

#include <QFrame>

#include "ui/state/view_settings.h"

class QBoxLayout;
class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QMenu;
class QPushButton;

namespace attnviz::ui {

class Segments;

class ViewBar final : public QFrame {
    Q_OBJECT
 public:
    explicit ViewBar(QWidget* parent = nullptr);
    void setView(const ViewSettings& view);  // without a signal
    void setLayoutMenu(QMenu* menu);         // at the bar's end
    void setLayoutName(const QString& name);

 signals:
    void viewChosen(const attnviz::ui::ViewSettings& view);

 protected:
    void resizeEvent(QResizeEvent* event) override;

 private:
    void fillMaps();
    void breakLine(bool broken);
    void emitChosen();
    void showRange();
    void showThreshold(ThresholdKind kind);

    ViewSettings m_view;
    QComboBox *m_combine, *m_colormap, *m_range, *m_thresholdKind;
    Segments *m_scale, *m_units;
    QDoubleSpinBox *m_low, *m_high, *m_threshold;
    QCheckBox *m_special, *m_sinks, *m_renormalize;
    QList<QWidget*> m_captions;  // in the order in which they go
    QBoxLayout *m_first, *m_second;
    QList<QWidget*> m_movable;  // to the second line, where one is too short
    QWidget* m_break;           // where the line may be broken
    bool m_broken = false;
    QPushButton* m_layout;
    bool m_quiet = false;
};

}  // namespace attnviz::ui
